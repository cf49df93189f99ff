/**
 * What was written and has no outcome yet: each message goes through its states until it is an entry, or was refused.
 *
 * Pure: frames and the clock in, states out. Whoever calls keeps the items in a database, since a reload must lose nothing.
 */

import type { Mention } from "./pieces";
import type { Attachment, DeviceFrame, ErrorFrame, Message } from "./types";

export type Stage =
  /** On its way, or waiting for a connection. */
  | { at: "sending" }
  /** The region was too busy, or could not say: it is sent again by itself. */
  | { at: "waiting"; until: number; reason: string }
  /** It cannot be lost any more. */
  | { at: "accepted"; messageId: string }
  /** Kept at home until another region takes it. */
  | { at: "queued"; messageId: string; region: string }
  /** For good: nobody will see it. */
  | { at: "refused"; code: string; reason: string }
  /** It never happened, and would not happen if it was sent again as it is. */
  | { at: "failed"; code: string; reason: string };

export interface Item {
  clientMessageId: string;
  /** Where it goes; a 1:1 conversation that has not begun has only a recipient. */
  conversationId: string;
  recipientId: string | null;
  text: string;
  replyTo: string | null;
  /** Images and files that are in the blob store already. */
  attachments: readonly Attachment[];
  /** Whom it names, with places in the text. */
  mentions?: readonly Mention[];
  /** The message that is sent on; text and attachments are then shown until it is numbered, and not sent. */
  forwardOf?: string;
  /** When it was written, milliseconds; orders the outbox. */
  at: number;
  stage: Stage;
}

const LATER = new Set([429, 503]);
const PAUSE_MS = 2_000;

/** Whether nothing more will happen to it by itself. */
export function isOver(item: Item): boolean {
  return item.stage.at === "refused" || item.stage.at === "failed";
}

/** Whether the region has taken it. */
export function isTaken(item: Item): boolean {
  return item.stage.at === "accepted" || item.stage.at === "queued";
}

/**
 * Return what is to be sent now: of each conversation the oldest that is not taken yet, so that the order stays.
 *
 * @param sent What was sent over this connection and was not answered.
 */
export function due(items: readonly Item[], now: number, sent: ReadonlySet<string>): Item[] {
  const found: Item[] = [];
  const held = new Set<string>();
  for (const item of [...items].sort((a, b) => a.at - b.at)) {
    if (isOver(item)) continue;
    if (isTaken(item)) {
      // Sent again over every new connection: it is answered with what became of it, and holds up nothing.
      if (!sent.has(item.clientMessageId)) found.push(item);
      continue;
    }
    if (held.has(item.conversationId)) continue;
    held.add(item.conversationId);
    if (sent.has(item.clientMessageId)) continue;
    if (item.stage.at === "waiting" && item.stage.until > now) continue;
    found.push(item);
  }
  return found;
}

/**
 * Add what the database holds and is not here, in the order in which it was written.
 *
 * @param gone The names of those that were taken away.
 */
export function joined(here: readonly Item[], kept: readonly Item[], gone: ReadonlySet<string>): Item[] {
  const known = new Set(here.map((item) => item.clientMessageId));
  const added = kept.filter(({ clientMessageId: name }) => !known.has(name) && !gone.has(name));
  return [...here, ...added].sort((a, b) => a.at - b.at);
}

/** Return the frame by which it is sent. */
export function frameOf(item: Item): DeviceFrame & { type: "send" } {
  const to = item.recipientId ? { recipient_id: item.recipientId } : { conversation_id: item.conversationId };
  const frame = { type: "send" as const, client_message_id: item.clientMessageId, ...to };
  if (item.forwardOf !== undefined) return { ...frame, text: "", forward_of: item.forwardOf };
  return {
    ...frame,
    text: item.text,
    attachments: item.attachments.map((each) => each.blob_id),
    ...(item.replyTo ? { reply_to: item.replyTo } : {}),
    ...(item.mentions?.length ? { mentions: [...item.mentions] } : {}),
  };
}

/** Return when the next item is to be looked at again; null if none waits for a time. */
export function nextLook(items: readonly Item[]): number | null {
  const times = items.flatMap((item) => (item.stage.at === "waiting" ? [item.stage.until] : []));
  return times.length > 0 ? Math.min(...times) : null;
}

/** Take in that the region has it; what has become of it since may have come before. */
export function accepted(item: Item, messageId: string, conversationId: string): Item {
  if (item.stage.at === "queued" || item.stage.at === "refused") return item;
  return { ...item, conversationId, stage: { at: "accepted", messageId } };
}

export function queued(item: Item, message: Message): Item {
  if (item.stage.at === "refused") return item;
  const region = message.queued_for ?? "";
  return {
    ...item,
    conversationId: message.conversation_id,
    stage: { at: "queued", messageId: message.message_id, region },
  };
}

export function refused(item: Item, code: string, reason: string): Item {
  return { ...item, stage: { at: "refused", code, reason } };
}

/** Take in that a frame could not be taken: for now, or as it is. What was taken or refused once is, whatever is said to its repetition. */
export function erred(item: Item, error: ErrorFrame, now: number): Item {
  if (isTaken(item) || item.stage.at === "refused") return item;
  if (LATER.has(error.status) || !error.definite) {
    const wait = error.retry_after === undefined ? PAUSE_MS : error.retry_after * 1_000;
    return { ...item, stage: { at: "waiting", until: now + wait, reason: error.detail } };
  }
  return { ...item, stage: { at: "failed", code: error.code, reason: error.detail } };
}

/** Begin anew, under another name: what was refused by one name is refused by it for ever. */
export function again(item: Item, clientMessageId: string, now: number): Item {
  return { ...item, clientMessageId, at: now, stage: { at: "sending" } };
}
