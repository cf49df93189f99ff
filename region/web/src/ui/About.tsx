/** Everything about a conversation besides its messages: who is in it, and what one wants of it. */

import { useCallback, useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import { belongs } from "../core/inbox";
import { changedAt, runs } from "../core/roles";
import { EMPTY } from "../core/timeline";
import type { Whole } from "../core/types";
import { api, got } from "../io/api";
import { lookAgain, open, readList } from "../state/history";
import { readWhole } from "../state/running";
import { set, useStore } from "../state/store";
import { t } from "../words";
import { Avatar } from "./Avatar";
import { Icon } from "./Icon";
import { Invites } from "./Invites";
import { Members } from "./Members";
import { useTitle } from "./names";
import { PersonAbout } from "./PersonAbout";
import { Running } from "./Running";
import { Staff } from "./Staff";
import { useAgain } from "./useAgain";
import { useAttempt } from "./useAttempt";
import { Wishes } from "./Wishes";
import "./styles/people.css";

export default function About({ id }: { id: string }) {
  const conversation = useStore((state) => state.inbox[id]);
  const about = useStore((state) => state.about[id]);
  const title = useTitle(conversation);
  useEffect(() => {
    void open(id).then(() => lookAgain(id)); // what is done there is seen here, too
  }, [id]);
  const peer = conversation?.peer_id ?? null;
  const inside = about !== undefined && belongs(about.role);
  return (
    <section className="panel">
      <header className="talk-head">
        <Link href={`/c/${id}`} className="round" aria-label={t("common.back")}>
          <Icon name="back" />
        </Link>
        <Avatar id={peer ?? id} name={title} kind={conversation?.kind ?? "direct"} />
        <h2 dir="auto">{title}</h2>
      </header>
      <div className="panel-body">
        {about?.description && <p>{about.description}</p>}
        {about !== undefined && <p className="hint">{t("about.owner", { region: about.ownerRegion })}</p>}
        <Wishes id={id} />
        {peer !== null && <PersonAbout id={id} userId={peer} />}
        {peer !== null && (
          <button
            type="button"
            className="button danger"
            onClick={() => set({ asked: { kind: "report", userId: peer, message: null } })}
          >
            {t("about.report")}
          </button>
        )}
        {inside && <Inside id={id} role={about.role} />}
      </div>
    </section>
  );
}

/** What there is of a group or a channel to somebody who belongs to it. */
function Inside({ id, role }: { id: string; role: string }) {
  const [whole, setWhole] = useState<Whole | null>(null);
  const runsIt = runs(id, role);
  const changed = useStore((state) => changedAt(state.timelines[id] ?? EMPTY));
  const look = useCallback(async () => {
    if (runsIt) setWhole(await readWhole(id));
  }, [id, runsIt]);
  const again = useAgain(id, look);
  // biome-ignore lint/correctness/useExhaustiveDependencies: looked at again when somebody has changed something
  useEffect(() => {
    look().catch(() => {}); // without it there is nothing to be changed
  }, [look, changed]);
  return (
    <>
      {id.startsWith("g") ? <Members id={id} role={role} /> : <Staff id={id} role={role} />}
      {whole !== null && <Invites id={id} whole={whole} onChanged={again} />}
      {whole !== null && <Running id={id} whole={whole} onChanged={again} />}
      <Leave id={id} />
    </>
  );
}

function Leave({ id }: { id: string }) {
  const me = useStore((state) => state.me?.user_id ?? "");
  const [, go] = useLocation();
  const [sure, setSure] = useState(false);
  const { busy, wrong, attempt } = useAttempt();

  async function leave() {
    if (id.startsWith("g")) {
      const params = { path: { group_id: id, user_id: me } };
      await got(api.DELETE("/groups/{group_id}/members/{user_id}", { params }));
    } else {
      const params = { path: { channel_id: id, user_id: me } };
      await got(api.DELETE("/channels/{channel_id}/subscribers/{user_id}", { params }));
    }
    await readList();
    go("/");
  }

  return (
    <div className="buttons">
      <button
        type="button"
        className="button danger"
        disabled={busy}
        onClick={() => (sure ? void attempt(leave) : setSure(true))}
      >
        {t(sure ? "about.leave.sure" : "about.leave")}
      </button>
      {wrong !== null && <p className="warning">{wrong}</p>}
    </div>
  );
}
