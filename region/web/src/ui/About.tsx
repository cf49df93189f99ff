/** Everything about a conversation besides its messages: who is in it, and what one wants of it. */

import { useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import { api, got } from "../io/api";
import { lookAgain, readList } from "../state/history";
import { prefer } from "../state/preferring";
import { useStore } from "../state/store";
import { t } from "../words";
import { Avatar } from "./Avatar";
import { Icon } from "./Icon";
import { Invite } from "./Invite";
import { Members } from "./Members";
import { useTitle } from "./names";
import { PersonAbout } from "./PersonAbout";
import { useAttempt } from "./useAttempt";

const FOR_EVER = "9999-12-31T00:00:00Z";

export default function About({ id }: { id: string }) {
  const conversation = useStore((state) => state.inbox[id]);
  const about = useStore((state) => state.about[id]);
  const title = useTitle(conversation);
  useEffect(() => {
    void lookAgain(id);
  }, [id]);
  const peer = conversation?.peer_id ?? null;
  const inside = about !== undefined && about.role !== "former" && about.role !== "";
  return (
    <section className="panel">
      <header className="talk-head">
        <Link href={`/c/${id}`} className="round" aria-label={t("common.back")}>
          <Icon name="back" />
        </Link>
        <Avatar id={peer ?? id} name={title} kind={conversation?.kind ?? "direct"} />
        <h2>{title}</h2>
      </header>
      <div className="panel-body">
        {about?.description && <p>{about.description}</p>}
        {about !== undefined && <p className="hint">{t("about.owner", { region: about.ownerRegion })}</p>}
        <Wishes id={id} />
        {peer !== null && <PersonAbout userId={peer} />}
        {inside && id.startsWith("g") && <Members id={id} role={about.role} />}
        {inside && mayInvite(id, about.role) && <Invite id={id} />}
        {inside && <Leave id={id} />}
      </div>
    </section>
  );
}

function mayInvite(id: string, role: string): boolean {
  return role === "owner" || (role === "admin" && id.startsWith("g"));
}

/** What one wants of a conversation, for oneself alone and on all of one's devices. */
function Wishes({ id }: { id: string }) {
  const wishes = useStore((state) => state.inbox[id]?.preferences);
  const { busy, wrong, attempt } = useAttempt();
  const muted = wishes?.muted_until !== null && wishes !== undefined && Date.parse(wishes.muted_until) > Date.now();
  const archived = wishes?.archived ?? false;
  return (
    <div className="buttons">
      <button
        type="button"
        className="button"
        aria-pressed={muted}
        disabled={busy}
        onClick={() => void attempt(() => prefer(id, { muted_until: muted ? null : FOR_EVER }))}
      >
        {t(muted ? "about.unmute" : "about.mute")}
      </button>
      <button
        type="button"
        className="button"
        aria-pressed={archived}
        disabled={busy}
        onClick={() => void attempt(() => prefer(id, { archived: !archived }))}
      >
        {t(archived ? "about.unarchive" : "about.archive")}
      </button>
      {wrong !== null && <p className="warning">{wrong}</p>}
    </div>
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
