/** How a conversation begins: with somebody, in a group, or by a channel. */

import { type KeyboardEvent, useId, useState } from "react";
import { useLocation } from "wouter";
import { tabBy } from "../core/direction";
import type { Profile } from "../core/types";
import { isRightToLeft, t } from "../words";
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
  const id = useId();
  /** Only the focus goes on: what is behind a tab takes the focus when it is shown. */
  function walk(event: KeyboardEvent, from: Kind) {
    const next = tabBy(event.key, KINDS, from, isRightToLeft());
    if (next === null || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    document.getElementById(`${id}-${next}`)?.focus();
  }
  return (
    <Panel title={t("new.title")}>
      <div className="tabs" role="tablist" aria-label={t("new.title")}>
        {KINDS.map((each) => (
          <button
            key={each}
            type="button"
            role="tab"
            id={`${id}-${each}`}
            aria-selected={each === kind}
            aria-controls={`${id}-panel`}
            tabIndex={each === kind ? 0 : -1}
            onClick={() => setKind(each)}
            onKeyDown={(event) => walk(event, each)}
          >
            {t(`new.${each}`)}
          </button>
        ))}
      </div>
      <div className="tab-panel" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${kind}`}>
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
        {kind === "group" && <NewGroup onMade={(made) => go(`/c/${made}`)} />}
        {kind === "channel" && <NewChannel onMade={(made) => go(`/c/${made}`)} />}
      </div>
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
