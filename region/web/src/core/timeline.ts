/**
 * What is known of one conversation's log, from its newest entry back to the oldest page that was read.
 *
 * Pure. Entries stand by their number; what is done to a message (an edit, a reaction, a deletion) is an entry as well, and is
 * applied to the message if that is here; pages show messages as they are by now.
 */

import type { Message } from "./types";

export interface Timeline {
  /** Numbered, the oldest first. */
  entries: readonly Message[];
  /** For older pages; null when the beginning is here; undefined before the first page. */
  older: string | null | undefined;
  /** Member to how far their devices are. */
  marks: Readonly<Record<string, Mark>>;
}

export interface Mark {
  received: number;
  read: number;
  /** The seq by which somebody became a member; messages up to it do not concern them. */
  joined: number;
}

export const EMPTY: Timeline = { entries: [], older: undefined, marks: {} };

const MESSAGES = new Set(["message_sent", "group_message_sent", "channel_message_sent"]);
const ALTERATIONS = new Set(["message_edited", "message_deleted", "reaction_added", "reaction_removed"]);
const QUIET = new Set(["hidden", "message_pinned", "message_unpinned", "invite_made", "invite_ended", "join_declined"]);

export const isMessage = (message: Message): boolean => MESSAGES.has(message.kind);

/** Whether it has a place of its own on the screen. */
export function isShown(message: Message): boolean {
  return !QUIET.has(message.kind) && !ALTERATIONS.has(message.kind);
}

const seqOf = (message: Message): number => message.seq ?? 0;

/** Put a page, the newest first as the API gives it, before what is here. */
export function withOlder(timeline: Timeline, page: readonly Message[], next: string | null): Timeline {
  const numbered = page.filter((message) => message.seq !== null).reverse();
  return withStatuses({ ...timeline, entries: merged(timeline.entries, numbered), older: next }, numbered);
}

/** Put entries, the oldest first, behind what is here. */
export function withNewer(timeline: Timeline, page: readonly Message[]): Timeline {
  return withStatuses(page.reduce(withEntry, timeline), page);
}

/** Take one entry in, as it comes live. */
export function withEntry(timeline: Timeline, entry: Message): Timeline {
  if (entry.seq === null) return timeline;
  const last = timeline.entries.at(-1);
  const entries =
    last === undefined || seqOf(last) < entry.seq ? [...timeline.entries, entry] : merged(timeline.entries, [entry]);
  return { ...timeline, entries: altered(entries, entry) };
}

/** Whether entries are missing between what is here, which may be nothing yet, and this one. */
export function isGap(timeline: Timeline, entry: Message): boolean {
  const last = timeline.entries.at(-1);
  return entry.seq !== null && (entry.from_seq ?? entry.seq) > (last === undefined ? 0 : seqOf(last)) + 1;
}

/** Return the entry of that number, if it is here. */
export function entryAt({ entries }: Timeline, seq: number): Message | undefined {
  let [low, high] = [0, entries.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (seqOf(entries[middle] as Message) < seq) low = middle + 1;
    else high = middle;
  }
  return entries[low]?.seq === seq ? entries[low] : undefined;
}

/** The place from which to go on reading newer entries, as a cursor that a device may make. */
export function placeOf(timeline: Timeline): string | null {
  const last = timeline.entries.at(-1);
  return last === undefined ? null : `${last.epoch}.${seqOf(last)}`;
}

function merged(first: readonly Message[], second: readonly Message[]): Message[] {
  const [lowest, highest] = [first[0], second.at(-1)];
  if (lowest !== undefined && highest !== undefined && seqOf(highest) < seqOf(lowest)) return [...second, ...first];
  const bySeq = new Map<number, Message>();
  for (const message of [...first, ...second]) {
    const before = bySeq.get(seqOf(message));
    bySeq.set(seqOf(message), before === undefined ? message : newer(before, message));
  }
  return [...bySeq.values()].sort((a, b) => seqOf(a) - seqOf(b));
}

/** Of two views of a message the later one: what was deleted stays so, and the last edit counts. A number that was given anew is the later epoch's. */
function newer(before: Message, after: Message): Message {
  if (before.epoch !== after.epoch) return before.epoch > after.epoch ? before : after;
  return before.deleted || (before.edited ?? 0) > (after.edited ?? 0) ? before : after;
}

/** In a 1:1 conversation a message's status says how far the other one is: so it speaks for all messages below. */
function withStatuses(timeline: Timeline, page: readonly Message[]): Timeline {
  return page.reduce((grown, { recipient_id: id, seq, status }) => {
    if (id === undefined || seq === null || status === "unread") return grown;
    return withMark(grown, id, status === "read" ? { received: seq, read: seq } : { received: seq });
  }, timeline);
}

function altered(entries: readonly Message[], by: Message): readonly Message[] {
  const seq = by.change?.message_seq;
  if (!ALTERATIONS.has(by.kind) || seq === undefined) return entries;
  return entries.map((message) => (message.seq === seq && isMessage(message) ? afterwards(message, by) : message));
}

function afterwards(message: Message, by: Message): Message {
  if (message.deleted) return message;
  switch (by.kind) {
    case "message_edited":
      if ((message.edited ?? 0) >= seqOf(by)) return message;
      return { ...withMentions(message, by), text: by.change?.text ?? message.text, edited: seqOf(by) };
    case "message_deleted": {
      const { attachments: _a, reactions: _r, reply_to: _t, mentions: _m, ...kept } = message;
      return { ...kept, text: "", deleted: true };
    }
    default:
      return reacted(message, by.change?.emoji ?? "", by.sender_id, by.kind === "reaction_added");
  }
}

/** A message with those alone whom its edit names. */
function withMentions(message: Message, by: Message): Message {
  const { mentions: _, ...kept } = message;
  return by.change?.mentions === undefined ? kept : { ...kept, mentions: by.change.mentions };
}

function reacted(message: Message, emoji: string, userId: string, added: boolean): Message {
  const before = message.reactions ?? [];
  const others = (before.find((each) => each.emoji === emoji)?.user_ids ?? []).filter((id) => id !== userId);
  const users = added ? [...others, userId] : others;
  const place = before.some((each) => each.emoji === emoji);
  const reactions = place
    ? before.map((each) => (each.emoji === emoji ? { emoji, user_ids: users } : each))
    : [...before, { emoji, user_ids: users }];
  return { ...message, reactions: reactions.filter((each) => each.user_ids.length > 0) };
}

/** Take away what one has deleted for oneself: entries within those runs of numbers, both ends included. */
export function withConcealed(timeline: Timeline, runs: readonly (readonly [number, number])[]): Timeline {
  const gone = (seq: number) => runs.some(([first, last]) => first <= seq && seq <= last);
  const entries = timeline.entries.map((entry): Message => {
    if (!gone(seqOf(entry))) return entry;
    const { conversation_id, seq, epoch, status, sent_at, queued_for } = entry;
    return {
      conversation_id,
      seq,
      epoch,
      status,
      sent_at,
      queued_for,
      message_id: "",
      sender_id: "",
      kind: "hidden",
      text: "",
    };
  });
  return { ...timeline, entries };
}

/**
 * Take away what stands there no more: a region was lost that had numbered it and told nobody else.
 *
 * @param last The number of the last entry that stands. Marks above it are marks of what is gone.
 */
export function withWithdrawn(timeline: Timeline, last: number): Timeline {
  const entries = timeline.entries.filter((entry) => seqOf(entry) <= last);
  const marks = Object.fromEntries(
    Object.entries(timeline.marks).map(([id, { received, read, joined }]) => [
      id,
      { received: Math.min(received, last), read: Math.min(read, last), joined },
    ]),
  );
  return { entries, marks, older: entries.length > 0 ? timeline.older : undefined };
}

/**
 * Whether nothing lies between what is here and the newest page, and nothing of it was taken out since: where they meet stands the
 * same epoch. After a takeover what is here may have been withdrawn unseen, so it is rather read anew.
 */
export function joins({ entries }: Timeline, page: readonly Message[]): boolean {
  const lowest = page.filter((message) => message.seq !== null).at(-1);
  const last = entries.at(-1);
  if (lowest === undefined || last === undefined) return false;
  const from = lowest.from_seq ?? seqOf(lowest);
  const meets = entries.find((entry) => seqOf(entry) >= from) ?? last;
  return seqOf(last) >= from - 1 && meets.epoch === lowest.epoch;
}

/** Take away what the newest page contradicts: above it stands only what was numbered since, in the same epoch or a later one. */
export function withoutWithdrawn(timeline: Timeline, page: readonly Message[]): Timeline {
  const newest = page.find((message) => message.seq !== null);
  if (newest === undefined) return timeline;
  const gone = timeline.entries.some((entry) => seqOf(entry) > seqOf(newest) && entry.epoch < newest.epoch);
  return gone ? withWithdrawn(timeline, seqOf(newest)) : timeline;
}

/** Raise how far somebody is; marks never fall. What says nothing new leaves all as it is: a page of the past says so of each message. */
export function withMark(timeline: Timeline, userId: string, mark: Partial<Mark>): Timeline {
  const known = timeline.marks[userId];
  const before = known ?? { received: 0, read: 0, joined: 0 };
  const raised = {
    received: Math.max(before.received, mark.received ?? 0),
    read: Math.max(before.read, mark.read ?? 0),
    joined: mark.joined ?? before.joined,
  };
  if (known?.received === raised.received && known.read === raised.read && known.joined === raised.joined)
    return timeline;
  return { ...timeline, marks: { ...timeline.marks, [userId]: raised } };
}

/** Take in who is there, and how far they are; the marks of whoever has left say nothing any more. */
export function withThose(timeline: Timeline, there: readonly ({ user_id: string } & Mark)[]): Timeline {
  const marks = Object.fromEntries(
    there.flatMap(({ user_id: id }) => (timeline.marks[id] === undefined ? [] : [[id, timeline.marks[id]]])),
  );
  return there.reduce((grown, each) => withMark(grown, each.user_id, each), { ...timeline, marks });
}

export type Status = Message["status"];
const RANK: Record<Status, number> = { unread: 0, received: 1, read: 2 };

/** What all others have done with one's own message: the more of what the page said and what marks say since. */
export function statusOf(marks: Timeline["marks"], message: Message, me: string): Status {
  const seq = seqOf(message);
  const others = Object.entries(marks).filter(([id, mark]) => id !== me && mark.joined < seq);
  const all = (field: "received" | "read") => others.length > 0 && others.every(([, mark]) => seq <= mark[field]);
  const said: Status = all("read") ? "read" : all("received") ? "received" : "unread";
  return RANK[said] > RANK[message.status] ? said : message.status;
}

/** How many of others' messages are above a mark. */
export function unreadAbove(timeline: Timeline, read: number, me: string): number {
  return timeline.entries.filter((entry) => isMessage(entry) && entry.sender_id !== me && seqOf(entry) > read).length;
}
