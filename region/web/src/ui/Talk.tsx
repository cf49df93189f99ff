/** One conversation: who it is, its history, and where one writes. */

import { Suspense, useCallback, useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import { type Purpose, WRITE } from "../core/drafts";
import { writes } from "../core/inbox";
import type { Presence } from "../core/presence";
import { isMessage } from "../core/timeline";
import type { Message } from "../core/types";
import { readPurpose, writePurpose } from "../io/drafts";
import { withPerson } from "../state/history";
import { useStore } from "../state/store";
import { aside } from "../state/telling";
import { look, seen } from "../state/watching";
import { problem, t } from "../words";
import { Avatar } from "./Avatar";
import { Composer } from "./Composer";
import { History } from "./History";
import { Icon } from "./Icon";
import { later } from "./later";
import { usePlainName, useTitle } from "./names";
import { Told } from "./Told";
import { brief } from "./times";

const PinBar = later(() => import("./PinBar"));

export function Talk({ id }: { id: string }) {
  const [purpose, setPurpose] = useState(() => readPurpose(id));
  const conversation = useStore((state) => state.inbox[id]);
  const about = useStore((state) => state.about[id]);
  const [unread] = useState(() => [conversation?.read ?? 0, conversation?.head ?? 0] as const);
  const marked = conversation?.preferences?.marked_unread ?? false;
  useEffect(() => {
    if (marked) aside(import("../state/preferring").then(({ prefer }) => prefer(id, { marked_unread: false })));
  }, [id, marked]);
  useEffect(() => {
    look(id);
    const onVisible = () => seen(id);
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      document.removeEventListener("visibilitychange", onVisible);
      look(null);
    };
  }, [id]);
  // The same for all renders: rows are made anew for whatever is new to them.
  const choose = useCallback(
    (chosen: Purpose) => {
      setPurpose(chosen);
      writePurpose(id, chosen);
    },
    [id],
  );
  const onReply = useCallback((to: Message) => choose({ kind: "reply", to }), [choose]);
  const onEdit = useCallback((of: Message) => choose({ kind: "edit", of }), [choose]);
  const mayWrite = about === undefined || writes(about.role);
  return (
    <section className="talk">
      <div>
        <Head id={id} />
        <Suspense>
          <PinBar id={id} />
        </Suspense>
      </div>
      <History id={id} unread={unread} onReply={onReply} onEdit={onEdit} />
      {mayWrite ? (
        <Composer key={keyOf(purpose)} id={id} purpose={purpose} onDone={() => choose(WRITE)} />
      ) : (
        <p className="talk-note">{t(about.role === "former" || id.startsWith("g") ? "talk.former" : "talk.reader")}</p>
      )}
    </section>
  );
}

function keyOf(purpose: Purpose): string {
  return purpose.kind === "edit" ? `edit ${purpose.of.message_id}` : "write";
}

function Head({ id }: { id: string }) {
  const conversation = useStore((state) => state.inbox[id]);
  const title = useTitle(conversation);
  return (
    <header className="talk-head">
      <Link href="/" className="round back" aria-label={t("common.back")}>
        <Icon name="back" />
      </Link>
      <Link href={`/c/${id}/about`} className="talk-who" title={t("about.title")}>
        <Avatar id={conversation?.peer_id ?? id} name={title} kind={conversation?.kind ?? "direct"} />
        <div>
          <h2 dir="auto">{title}</h2>
          <Subtitle id={id} peerId={conversation?.peer_id ?? ""} />
        </div>
      </Link>
    </header>
  );
}

function Subtitle({ id, peerId }: { id: string; peerId: string }) {
  const about = useStore((state) => state.about[id]);
  const typist = useStore((state) => state.typists[id]);
  const peer = useStore((state) => state.people[peerId]);
  const there = useStore((state) => state.presences[peerId]);
  const typing = usePlainName(typist?.userId ?? "");
  if (typist !== undefined) {
    return (
      <p className="subtitle typing">
        <Told word="talk.types" name={typing} />
      </p>
    );
  }
  if (about !== undefined) {
    const count = t(id.startsWith("c") ? "talk.subscribers" : "talk.members", { n: about.members });
    return <Below said={[count]} own={about.description} />;
  }
  if (peer === undefined) return null;
  const lives = t("talk.lives", { region: peer.home_region });
  const said = [`@${peer.handle}`, lives, there && thereOf(there)];
  return <Below said={said} own={peer.status_text} />;
}

function Below({ said, own }: { said: (string | undefined)[]; own: string | undefined }) {
  return (
    <p className="subtitle">
      {said.filter(Boolean).join(" · ")}
      {own && " · "}
      <bdi>{own}</bdi>
    </p>
  );
}

function thereOf({ presence, lastSeen }: Presence): string {
  if (presence !== "offline") return t(`person.${presence}`);
  return lastSeen === null ? "" : t("person.seen", { date: brief(Date.parse(lastSeen)) });
}

/** The conversation with somebody, under the id that it turns out to have. */
export function WithPerson({ userId }: { userId: string }) {
  const [, go] = useLocation();
  const [wrong, setWrong] = useState<string | null>(null);
  useEffect(() => {
    withPerson(userId)
      .then((id) => go(`/c/${id}`, { replace: true }))
      .catch((error: { code?: string; message: string }) => setWrong(problem(error.code ?? "", error.message)));
  }, [userId, go]);
  return <p className="nothing">{wrong ?? t("app.loading")}</p>;
}

/** The text by which an answer shows what it answers. */
export function quoteOf(message: Message | undefined): string {
  if (message === undefined || !isMessage(message)) return t("message.gone");
  return message.deleted ? t("message.deleted") : message.text || (message.attachments?.[0]?.name ?? "");
}
