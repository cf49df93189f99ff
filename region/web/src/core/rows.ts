/** What a history shows, row by row: numbered messages and events, then what waits for another region, then the outbox. Pure. */

import type { Item } from "./outbox";
import { isMessage, isShown } from "./timeline";
import type { Message } from "./types";

export interface Row {
  /** Stays when a message leaves the outbox and becomes an entry. */
  key: string;
  at: number;
  /** The day of that time, where the reader is. */
  day: string;
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
  entries: readonly Message[];
  pending: readonly Message[];
  outbox: readonly Item[];
  me: string;
  /** Numbers above the first and up to the second were unread when the conversation was opened. */
  unread: readonly [number, number];
}

/** Return the rows; one that is as it was before is the same object, so that what shows it need not be made anew. */
export function rowsOf({ entries, pending, outbox, me, unread: [read, head] }: Parts): Row[] {
  const rows: Row[] = [];
  const add = (of: Message | Item, row: Standing, fresh: boolean): void => {
    const before = rows.at(-1);
    const newDay = before === undefined || before.day !== row.day;
    const joins = before !== undefined && before.senderId === row.senderId && row.at - before.at < RUN_MS;
    const both = joins && isText(before) && isText(row);
    rows.push(same(of, { ...row, newDay, fresh, head: newDay || fresh || !both }));
  };
  let marked = !reaches(entries, read);
  for (const message of entries) {
    if (!isShown(message)) continue;
    const seq = message.seq ?? 0;
    const foreign = isMessage(message) && message.sender_id !== me;
    const fresh: boolean = !marked && foreign && read > 0 && seq > read && seq <= head;
    marked ||= fresh;
    add(message, ofMessage(message, message.sender_id), fresh);
  }
  for (const message of pending) add(message, ofMessage(message, me), false);
  const names = new Set(outbox.length > 0 ? entries.map((each) => each.client_message_id) : []);
  for (const item of outbox) if (!names.has(item.clientMessageId)) add(item, ofItem(item, me), false);
  return rows;
}

/** Whether nothing is missing between these entries and the one that was read last: else the first that was not read is not among them. */
export function reaches([oldest]: readonly Message[], read: number): boolean {
  return oldest !== undefined && (oldest.from_seq ?? oldest.seq ?? 0) <= read + 1;
}

type Standing = Omit<Row, "newDay" | "head" | "fresh">;

/** The last row that was made of a message. A history of thousands is gone through with every page and every entry. */
const made = new WeakMap<Message | Item, Row>();

function same(of: Message | Item, row: Row): Row {
  const before = made.get(of);
  const stays =
    before?.senderId === row.senderId &&
    before.newDay === row.newDay &&
    before.head === row.head &&
    before.fresh === row.fresh;
  if (before !== undefined && stays) return before;
  made.set(of, row);
  return row;
}

function ofMessage(message: Message, senderId: string): Standing {
  const { at, day } = made.get(message) ?? timed(Date.parse(message.sent_at));
  return { key: keyOf(message), at, day, senderId, message, item: null };
}

function ofItem(item: Item, senderId: string): Standing {
  return { key: `own ${item.clientMessageId}`, ...timed(item.at), senderId, message: null, item };
}

const timed = (at: number) => ({ at, day: new Date(at).toDateString() });

function keyOf(message: Message): string {
  return message.client_message_id === undefined ? message.message_id : `own ${message.client_message_id}`;
}

function isText(row: Pick<Row, "item" | "message">): boolean {
  return row.item !== null || (row.message !== null && isMessage(row.message));
}

/**
 * Return by how many rows what stood there has moved back, so that a list keeps its place when older ones come, or the first one goes.
 *
 * @param before The rows that stood there.
 */
export function prepended(before: readonly Row[], rows: readonly Row[]): number {
  const places = new Map(rows.map((row, place) => [row.key, place]));
  const stays = before.findIndex((row) => places.has(row.key));
  const key = before[stays]?.key;
  return key === undefined ? 0 : (places.get(key) ?? 0) - stays;
}

/** Whether no entry of those that stood there stands there still: what waits is there in any case. Where none stood, or none stands, there is no telling: false. */
export function isOther(before: readonly Row[], rows: readonly Row[]): boolean {
  const [gone, here] = [before.filter(isNumbered), rows.filter(isNumbered)];
  if (gone.length === 0 || here.length === 0) return false;
  const keys = new Set(here.map((row) => row.key));
  return !gone.some((row) => keys.has(row.key));
}

const isNumbered = ({ message }: Row) => message !== null && message.seq !== null;
