/** A message as it stands in the log, one's own or another's. */

import { useMemo } from "react";
import { ofStatus } from "../core/delivery";
import { names } from "../core/pieces";
import { EMPTY, entryAt, statusOf, type Timeline } from "../core/timeline";
import type { Message } from "../core/types";
import { react } from "../state/altering";
import { useStore } from "../state/store";
import { t } from "../words";
import { Actions, useActive } from "./Actions";
import { Attachments } from "./Attachments";
import { Avatar } from "./Avatar";
import { DeliveryMark } from "./DeliveryMark";
import { useJump } from "./jump";
import { usePlainName } from "./names";
import { quoteOf } from "./Talk";
import { Text } from "./Text";
import { Told } from "./Told";
import { clock, whole } from "./times";

interface Props {
  id: string;
  message: Message;
  head: boolean;
  /** Missing where one does not write; what changes messages is then not offered either. */
  onReply?: ((to: Message) => void) | undefined;
  onEdit?: ((of: Message) => void) | undefined;
}

export function Bubble({ id, message, head, onReply, onEdit }: Props) {
  const me = useStore((state) => state.me?.user_id ?? "");
  const own = message.sender_id === me;
  const named = id.startsWith("g") && !own;
  const name = usePlainName(named ? message.sender_id : "");
  const at = Date.parse(message.sent_at);
  const provisional = useProvisional(message);
  return (
    <article
      className="message"
      data-own={own}
      data-named={named}
      data-me={names(message, me)}
      data-provisional={provisional}
    >
      {named && (head ? <Avatar id={message.sender_id} name={name} /> : <span className="avatar-space" />)}
      <div className="bubble" data-deleted={message.deleted ?? false}>
        {named && head && (
          <p className="sender">
            <bdi>{name}</bdi>
          </p>
        )}
        {message.forwarded_from !== undefined && <Forwarded userId={message.forwarded_from} />}
        {message.reply_to !== undefined && <Quote id={id} {...message.reply_to} />}
        {message.attachments !== undefined && <Attachments all={message.attachments} />}
        {message.deleted ? (
          <p className="text">{t("message.deleted")}</p>
        ) : (
          <Text text={message.text} mentions={message.mentions} />
        )}
        <p className="meta">
          {message.edited !== undefined && !message.deleted && <span>{t("message.edited")}</span>}
          <time dateTime={message.sent_at} title={whole(at)}>
            {clock(at)}
          </time>
          {own && !provisional && <Status id={id} message={message} me={me} />}
          {provisional && <DeliveryMark delivery={{ state: "provisional" }} />}
        </p>
        <Reactions message={message} me={me} fixed={onReply === undefined} />
      </div>
      {!message.deleted && <Actions message={message} own={own} onReply={onReply} onEdit={onEdit} />}
    </article>
  );
}

/** Whether it has its number and is kept in the outbox all the same: it could still be lost with its region, and get another number. */
function useProvisional({ client_message_id: name }: Message): boolean {
  return useStore(({ outbox }) => name !== undefined && outbox.some((item) => item.clientMessageId === name));
}

function Status({ id, message, me }: { id: string; message: Message; me: string }) {
  const marks = useStore((state) => (state.timelines[id] ?? EMPTY).marks);
  const status = useMemo(() => statusOf(marks, message, me), [marks, message, me]);
  if (message.queued_for !== null) return <DeliveryMark delivery={{ state: "queued", region: message.queued_for }} />;
  return <DeliveryMark delivery={ofStatus(status, id.startsWith("c"))} />;
}

function Forwarded({ userId }: { userId: string }) {
  return (
    <p className="forwarded">
      <Told word="message.forwarded" name={usePlainName(userId)} />
    </p>
  );
}

/** By its number, if that is known: each visible answer looks whenever anything happens. */
function quoted(timeline: Timeline, messageId: string, seq: number | null | undefined): Message | undefined {
  if (!seq) return timeline.entries.find((each) => each.message_id === messageId);
  const found = entryAt(timeline, seq);
  return found?.message_id === messageId ? found : undefined;
}

function Quote({ id, message_id: messageId, seq }: { id: string } & NonNullable<Message["reply_to"]>) {
  const message = useStore((state) => quoted(state.timelines[id] ?? EMPTY, messageId, seq));
  const name = usePlainName(message?.sender_id ?? "");
  const jump = useJump(id);
  return (
    <button type="button" className="quote" onClick={() => jump(messageId, seq ?? 0)}>
      {message !== undefined && <strong dir="auto">{name}</strong>}
      <span dir="auto">{quoteOf(message)}</span>
    </button>
  );
}

function Reactions({ message, me, fixed }: { message: Message; me: string; fixed: boolean }) {
  const active = useActive(message) && !fixed;
  if (!message.reactions?.length) return null;
  return (
    <p className="reactions">
      {message.reactions.map(({ emoji, user_ids: users }) => (
        <button
          key={emoji}
          type="button"
          disabled={!active}
          aria-pressed={users.includes(me)}
          aria-label={t("message.reacted", { emoji, n: users.length })}
          onClick={() => void react(message, emoji, !users.includes(me))}
        >
          {emoji} {users.length}
        </button>
      ))}
    </p>
  );
}
