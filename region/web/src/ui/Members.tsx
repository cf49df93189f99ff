/** Who is in a group; owners and admins add, let in, remove and ban, owners give roles. */

import { useCallback, useEffect, useState } from "react";
import { runs, turnedAt } from "../core/roles";
import { EMPTY } from "../core/timeline";
import { api, got } from "../io/api";
import { act } from "../state/running";
import { useStore } from "../state/store";
import { t } from "../words";
import { PersonLine } from "./NewPanel";
import { PeopleSearch } from "./PeopleSearch";
import { PersonDeeds } from "./PersonDeeds";
import { useAgain } from "./useAgain";
import { useAttempt } from "./useAttempt";

type Member = Awaited<ReturnType<typeof read>>[number];

async function read(id: string) {
  return (await got(api.GET("/groups/{group_id}/members", { params: { path: { group_id: id } } }))).members;
}

const ORDER = ["asking", "owner", "admin", "member", "banned"];

export function Members({ id, role }: { id: string; role: string }) {
  const turned = useStore((state) => turnedAt(state.timelines[id] ?? EMPTY));
  const [members, setMembers] = useState<Member[]>([]);
  const [adding, setAdding] = useState(false);
  const { wrong, attempt } = useAttempt();
  const look = useCallback(async () => setMembers(await read(id)), [id]);
  const again = useAgain(id, look);
  // biome-ignore lint/correctness/useExhaustiveDependencies: looked at again when somebody has come, gone or got a role
  useEffect(() => {
    void attempt(look);
  }, [look, turned]);

  async function add(userId: string) {
    await act(id, "let-in", userId);
    setAdding(false);
    await again();
  }

  return (
    <section>
      <h3>{t("new.group.members")}</h3>
      {wrong !== null && <p className="warning">{wrong}</p>}
      <ul className="found">
        {[...members]
          .sort((a, b) => ORDER.indexOf(a.role) - ORDER.indexOf(b.role))
          .map((member) => (
            <PersonDeeds
              key={`${member.user_id} ${member.role}`}
              id={id}
              userId={member.user_id}
              region={member.home_region}
              mine={role}
              theirs={member.role}
              onDone={again}
            />
          ))}
      </ul>
      {runs(id, role) && !adding && (
        <button type="button" className="button" onClick={() => setAdding(true)}>
          {t("about.add")}
        </button>
      )}
      {adding && (
        <PeopleSearch>
          {(person) => (
            <button type="button" className="row" onClick={() => void attempt(() => add(person.user_id))}>
              <PersonLine person={person} />
            </button>
          )}
        </PeopleSearch>
      )}
    </section>
  );
}
