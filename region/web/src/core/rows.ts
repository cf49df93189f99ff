/** What a history shows, row by row: numbered messages and events, then what waits for another region, then the outbox. Pure. */

import type { Item } from "./outbox";
import { isMessage, isShown, type Timeline } from "./timeline";
import type { Message } from "./types";

export interface Row {
  /** Stays when a message leaves the outbox and becomes an entry. */
  key: string;
  at: number;
  senderId: string;
  message: Message | null;
  item: Item | null;
  /** Whether a new day begins with it. */
  newDay: boolean;
  /** Whether it begins a run of messages of one sender. */
  head: boolean;
  /** Whether it is the first that was not read when the conversation was opened. */
  fresh: boolean;
}

const RUN_MS = 5 * 60_000;

export interface Parts {
  timeline: Timeline;
  pending: readonly Message[];
  outbox: readonly Item[];
  me: string;
  /** Numbers above the first and up to the second were unread when the conversation was opened. */
  unread: readonly [number, number];
}

export function rowsOf({ timeline, pending, outbox, me, unread: [read, head] }: Parts): Row[] {
  const rows: Row[] = [];
  const add = (row: Omit<Row, "newDay" | "head" | "fresh">, fresh: boolean): void => {
    const before = rows.at(-1);
    const newDay = before === undefined || !sameDay(before.at, row.at);
    const joins = before !== undefined && before.senderId === row.senderId && row.at - before.at < RUN_MS;
    const both = joins && isText(before) && isText(row);
    rows.push({ ...row, newDay, fresh, head: newDay || fresh || !both });
  };
  let marked = false;
  for (const message of timeline.entries) {
    if (!isShown(message)) continue;
    const seq = message.seq ?? 0;
    const foreign = isMessage(message) && message.sender_id !== me;
    const fresh: boolean = !marked && foreign && read > 0 && seq > read && seq <= head;
    marked ||= fresh;
    add(
      { key: keyOf(message), at: Date.parse(message.sent_at), senderId: message.sender_id, message, item: null },
      fresh,
    );
  }
  for (const message of pending) {
    add({ key: keyOf(message), at: Date.parse(message.sent_at), senderId: me, message, item: null }, false);
  }
  for (const item of outbox) {
    add({ key: `own ${item.clientMessageId}`, at: item.at, senderId: me, message: null, item }, false);
  }
  return rows;
}

function keyOf(message: Message): string {
  return message.client_message_id === undefined ? message.message_id : `own ${message.client_message_id}`;
}

function isText(row: Pick<Row, "item" | "message">): boolean {
  return row.item !== null || (row.message !== null && isMessage(row.message));
}

function sameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

/**
 * Return how many rows stand before the one that was the first so far, so that a list keeps its place when older ones come.
 *
 * @param before The key of that row; null for none.
 */
export function prepended(rows: readonly Row[], before: string | null): number {
  return before === null
    ? 0
    : Math.max(
        0,
        rows.findIndex((row) => row.key === before),
      );
}
