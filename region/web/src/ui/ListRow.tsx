/** One conversation in the list. */

import { memo, type ReactNode } from "react";
import { Link } from "wouter";
import { isNamed, isPinned, lastAt } from "../core/inbox";
import type { Conversation, Message } from "../core/types";
import { useStore } from "../state/store";
import { t } from "../words";
import { Avatar } from "./Avatar";
import { useEventText } from "./events";
import { Icon } from "./Icon";
import { usePlainName, useTitle } from "./names";
import { Told } from "./Told";
import { brief, whole } from "./times";

interface Props {
  conversation: Conversation;
  open: boolean;
}

export const ListRow = memo(function ListRow({ conversation, open }: Props) {
  const { conversation_id: id, unread, kind, last_message: last } = conversation;
  const title = useTitle(conversation);
  const at = lastAt(conversation);
  const muted = Date.parse(conversation.preferences?.muted_until ?? "") > Date.now();
  const me = useStore((state) => state.me?.user_id ?? "");
  const named = isNamed(
    conversation,
    me,
    useStore((state) => state.named[id]),
  );
  const presence = useStore((state) => state.presences[conversation.peer_id ?? ""]?.presence);
  const pinned = isPinned(conversation);
  const marked = unread === 0 && (conversation.preferences?.marked_unread ?? false);
  return (
    <Link
      href={`/c/${id}`}
      className="row"
      aria-current={open ? "page" : undefined}
      data-unread={unread > 0 || marked}
      data-muted={muted}
    >
      <Avatar id={conversation.peer_id ?? id} name={title} kind={kind} />
      <span className="row-title" dir="auto">
        {title}
        {presence !== undefined && presence !== "offline" && (
          <span className="unseen">, {t(`person.${presence}`)}</span>
        )}
      </span>
      {at > 0 && (
        <time dateTime={new Date(at).toISOString()} title={whole(at)}>
          {brief(at)}
        </time>
      )}
      <Below id={id} kind={kind} last={last} open={open} />
      {(pinned || muted || named || unread > 0 || marked) && (
        <span className="badges">
          {muted && <Icon name="mute" label={t("list.muted")} />}
          {pinned && <Icon name="pin" label={t("list.pinned")} />}
          {named && (
            <span className="badge" role="img" aria-label={t("list.named")}>
              @
            </span>
          )}
          {(unread > 0 || marked) && (
            <span className="badge" role="img" aria-label={marked ? t("list.marked") : t("list.unread", { n: unread })}>
              {marked ? "•" : unread > 999 ? "999+" : unread}
            </span>
          )}
        </span>
      )}
    </Link>
  );
});

/** What stands below the title: in its own direction if somebody wrote it, whatever the app says before it. */
function Line({ said, children }: { said?: boolean; children: ReactNode }) {
  return (
    <span className="row-text" dir={said ? "auto" : undefined}>
      {children}
    </span>
  );
}

function Own({ text }: { text: string }) {
  const [before, after] = t("list.you").split("{text}");
  return (
    <Line said>
      <bdi>{before}</bdi>
      {text}
      <bdi>{after}</bdi>
    </Line>
  );
}

/** Who types, or what is about to be sent, or what was said last. */
function Below({ id, kind, last, open }: { id: string; kind: string; last: Message | null; open: boolean }) {
  const typist = useStore((state) => state.typists[id]);
  const draft = useStore((state) => (open ? "" : state.drafts[id]));
  const newest = useStore((state) => state.outbox.findLast((item) => item.conversationId === id));
  if (typist) return <Types userId={typist.userId} />;
  if (draft) {
    return (
      <Line said>
        <em>
          <bdi>{t("list.draft")}</bdi>
        </em>{" "}
        {draft}
      </Line>
    );
  }
  if (newest) return <Own text={newest.text || (newest.attachments[0]?.name ?? "")} />;
  return last === null ? <Line>{null}</Line> : <Last message={last} kind={kind} />;
}

function Types({ userId }: { userId: string }) {
  return (
    <Line>
      <em>
        <Told word="talk.types" name={usePlainName(userId)} />
      </em>
    </Line>
  );
}

function Last({ message, kind }: { message: Message; kind: string }) {
  const me = useStore((state) => state.me?.user_id);
  const name = usePlainName(kind === "group" ? message.sender_id : "");
  const event = useEventText(message);
  if (event !== null) return <Line>{event}</Line>;
  const text = message.deleted ? t("message.deleted") : message.text || (message.attachments?.[0]?.name ?? "");
  if (message.sender_id === me) return <Own text={text} />;
  return (
    <Line said>
      {kind === "group" && <bdi>{name}: </bdi>}
      {text}
    </Line>
  );
}
