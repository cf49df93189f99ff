/** With whom one is friends, and who waits for an answer: one's own, or theirs. */

import { type ReactNode, useCallback, useEffect, useId, useState } from "react";
import { Link } from "wouter";
import { turnsOf } from "../core/inbox";
import { api, got } from "../io/api";
import { useStore } from "../state/store";
import { t } from "../words";
import { Avatar } from "./Avatar";
import { usePlainName } from "./names";
import { useAttempt } from "./useAttempt";
import "./styles/people.css";

const read = () => got(api.GET("/friends"));
type Found = Awaited<ReturnType<typeof read>>;
type Friend = Found["friends"][number];

export function Friends() {
  const turns = useStore((state) => turnsOf(state.inbox));
  const [found, setFound] = useState<Found | null>(null);
  const { busy, wrong, attempt } = useAttempt();
  const again = useCallback(async () => setFound(await read()), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: read again when somebody has asked, answered or ended it
  useEffect(() => {
    void attempt(again);
  }, [again, turns]);

  const act = (work: () => Promise<unknown>) => () =>
    void attempt(async () => {
      await work();
      await again();
    });
  const at = ({ user_id }: Friend) => ({ params: { path: { user_id } } });
  const button = (label: "person.accept" | "person.decline" | "person.take-back", work: () => Promise<unknown>) => (
    <button type="button" className="button" disabled={busy} onClick={act(work)}>
      {t(label)}
    </button>
  );

  if (found === null) return wrong === null ? null : <p className="warning">{wrong}</p>;
  return (
    <>
      {wrong !== null && <p className="warning">{wrong}</p>}
      <People title={t("friends.incoming")} all={found.incoming}>
        {(friend) => (
          <>
            {button("person.accept", () => got(api.POST("/friends/{user_id}/accept", { ...at(friend), body: {} })))}
            {button("person.decline", () => got(api.POST("/friends/{user_id}/decline", { ...at(friend), body: {} })))}
          </>
        )}
      </People>
      <People title={t("friends.outgoing")} all={found.outgoing}>
        {(friend) => button("person.take-back", () => got(api.DELETE("/friends/{user_id}", at(friend))))}
      </People>
      <People title={t("friends.title")} all={found.friends} />
    </>
  );
}

interface PeopleProps {
  title: string;
  all: readonly Friend[];
  /** What may be done about somebody. */
  children?: (friend: Friend) => ReactNode;
}

function People({ title, all, children }: PeopleProps) {
  const id = useId();
  if (all.length === 0) return null;
  return (
    <section className="friends" aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      <ul className="found">
        {all.map((friend) => (
          <li key={friend.user_id}>
            <Line friend={friend} />
            {children !== undefined && <p className="deeds">{children(friend)}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Line({ friend: { user_id: id, home_region: region, presence: told } }: { friend: Friend }) {
  const name = usePlainName(id);
  const presence = useStore((state) => state.presences[id]?.presence) ?? told;
  const there = presence === "online" ? t("person.online") : "";
  return (
    <Link href={`/with/${id}`} className="row">
      <Avatar id={id} name={name} />
      <span className="row-title" dir="auto">
        {name}
      </span>
      <span className="row-text">{[t("talk.lives", { region }), there].filter(Boolean).join(" · ")}</span>
    </Link>
  );
}
