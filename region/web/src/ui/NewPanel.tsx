/** How a conversation begins: with somebody, in a group, or by a channel. */

import { useState } from "react";
import { useLocation } from "wouter";
import type { Profile } from "../core/types";
import { t } from "../words";
import { Avatar } from "./Avatar";
import { Friends } from "./Friends";
import { NewChannel } from "./NewChannel";
import { NewGroup } from "./NewGroup";
import { Panel } from "./Panel";
import { PeopleSearch } from "./PeopleSearch";

const KINDS = ["person", "group", "channel"] as const;
type Kind = (typeof KINDS)[number];

export default function NewPanel() {
  const [kind, setKind] = useState<Kind>("person");
  const [, go] = useLocation();
  return (
    <Panel title={t("new.title")}>
      <div className="tabs" role="tablist">
        {KINDS.map((each) => (
          <button key={each} type="button" role="tab" aria-selected={each === kind} onClick={() => setKind(each)}>
            {t(`new.${each}`)}
          </button>
        ))}
      </div>
      {kind === "person" && (
        <>
          <PeopleSearch>
            {(person) => (
              <button type="button" className="row" onClick={() => go(`/with/${person.user_id}`)}>
                <PersonLine person={person} />
              </button>
            )}
          </PeopleSearch>
          <Friends />
        </>
      )}
      {kind === "group" && <NewGroup onMade={(id) => go(`/c/${id}`)} />}
      {kind === "channel" && <NewChannel onMade={(id) => go(`/c/${id}`)} />}
    </Panel>
  );
}

export function PersonLine({ person }: { person: Profile }) {
  return (
    <>
      <Avatar id={person.user_id} name={person.display_name || person.handle} />
      <span className="row-title" dir="auto">
        {person.display_name || person.handle}
      </span>
      <span className="row-text">
        @{person.handle} · {t("talk.lives", { region: person.home_region })}
      </span>
    </>
  );
}
