/** Makes a group: a name, and who belongs to it. */

import { useState } from "react";
import { newName } from "../core/names";
import type { Profile } from "../core/types";
import { api, got } from "../io/api";
import { t } from "../words";
import { Field } from "./Field";
import { PersonLine } from "./NewPanel";
import { PeopleSearch } from "./PeopleSearch";
import { useAttempt } from "./useAttempt";

export function NewGroup({ onMade }: { onMade: (id: string) => void }) {
  const [name, setName] = useState("");
  const [members, setMembers] = useState<Profile[]>([]);
  const [id] = useState(newName);
  const { busy, wrong, attempt } = useAttempt();
  const has = (person: Profile) => members.some((each) => each.user_id === person.user_id);
  const toggle = (person: Profile) =>
    setMembers(has(person) ? members.filter((each) => each.user_id !== person.user_id) : [...members, person]);

  async function make() {
    const body = { name: name.trim(), member_ids: members.map((each) => each.user_id), client_message_id: id };
    onMade((await got(api.POST("/groups", { body }))).group_id);
  }

  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void attempt(make);
      }}
    >
      <Field
        name="name"
        label={t("new.group.name")}
        value={name}
        onChange={(event) => setName(event.target.value)}
        maxLength={100}
        required
      />
      {members.length > 0 && (
        <ul className="chosen" aria-label={t("new.group.members")}>
          {members.map((person) => (
            <li key={person.user_id}>
              <Chip name={person.display_name || person.handle} onRemove={() => toggle(person)} />
            </li>
          ))}
        </ul>
      )}
      <PeopleSearch>
        {(person) => (
          <button type="button" className="row" aria-pressed={has(person)} onClick={() => toggle(person)}>
            <PersonLine person={person} />
          </button>
        )}
      </PeopleSearch>
      {wrong !== null && (
        <p className="warning" role="alert">
          {wrong}
        </p>
      )}
      <button type="submit" className="primary" disabled={busy || name.trim() === ""}>
        {t("new.group.create")}
      </button>
    </form>
  );
}

function Chip({ name, onRemove }: { name: string; onRemove: () => void }) {
  return (
    <button type="button" className="chip" aria-label={t("file.remove", { name })} onClick={onRemove}>
      <bdi>{name}</bdi> ×
    </button>
  );
}
