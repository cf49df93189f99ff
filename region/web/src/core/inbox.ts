/** The list of conversations, and what live frames do to it. Pure. */

import { names } from "./pieces";
import { isMessage, isShown } from "./timeline";
import type { Conversation, Message, Profile } from "./types";

export type Inbox = Readonly<Record<string, Conversation>>;

/** The time by which a conversation has its place in the list; milliseconds. */
export function lastAt(conversation: Conversation): number {
  return conversation.last_message ? Date.parse(conversation.last_message.sent_at) : 0;
}

export function isPinned({ preferences }: Conversation): boolean {
  return preferences?.pinned ?? false;
}

/** Return the list as it is shown: what is pinned, then the most recent; those that have never been used are the newest; the archive apart. */
export function listed(inbox: Inbox, archived = false): Conversation[] {
  return Object.values(inbox)
    .filter((each) => (each.preferences?.archived ?? false) === archived)
    .map((each) => ({ each, pinned: isPinned(each), place: lastAt(each) || Number.MAX_SAFE_INTEGER })) // times are read once, not for each comparison
    .sort(
      (a, b) =>
        Number(b.pinned) - Number(a.pinned) ||
        b.place - a.place ||
        a.each.conversation_id.localeCompare(b.each.conversation_id),
    )
    .map(({ each }) => each);
}

/** Return those whose name, or whose other member's name or handle, has that in it; all, if it is nothing. */
export function called(
  all: readonly Conversation[],
  people: Readonly<Record<string, Profile>>,
  part: string,
): readonly Conversation[] {
  const wanted = part.trim().toLocaleLowerCase();
  if (wanted === "") return all;
  return all.filter((each) => {
    const peer = people[each.peer_id ?? ""];
    const names = [each.name, peer?.display_name ?? "", peer ? `@${peer.handle}` : ""];
    return names.some((name) => name.toLocaleLowerCase().includes(wanted));
  });
}

/**
 * Take in what a page of the list says; of a conversation in which more has happened by now, it says nothing new, but what it is called, and its picture, where no entry has told its name yet.
 *
 * @param conversations As they were when the region wrote the page.
 */
export function withListed(inbox: Inbox, conversations: readonly Conversation[]): Inbox {
  const told = conversations.map((each): Conversation => {
    const known = inbox[each.conversation_id];
    if (known === undefined) return each;
    const isOlder = known.epoch >= each.epoch && known.head > each.head;
    return isOlder ? wanting(named(known, each), each.preferences) : wanting(each, known.preferences);
  });
  return { ...inbox, ...(Object.fromEntries(told.map((each) => [each.conversation_id, each])) as Inbox) };
}

/** Who joins is told of that by an entry, of what the conversation is called by the list alone. */
function named(known: Conversation, told: Conversation): Conversation {
  return known.name === "" ? { ...known, name: told.name, picture: known.picture ?? told.picture } : known;
}

type Preferences = Conversation["preferences"];

/** Take in what one wants of a conversation; what was told late, and was changed since, is passed over. */
export function withPreferences(inbox: Inbox, id: string, told: Preferences): Inbox {
  const before = inbox[id];
  return before === undefined ? inbox : { ...inbox, [id]: wanting(before, told) };
}

function wanting(conversation: Conversation, told: Preferences): Conversation {
  const known = conversation.preferences;
  if (told === undefined || told.version < (known?.version ?? 0)) return conversation;
  // A draft may have had no room in what was told.
  const draft = told.version === known?.version ? (told.draft ?? known.draft) : told.draft;
  return { ...conversation, preferences: { ...told, draft } };
}

/**
 * Take away what the whole list does not name any more.
 *
 * @param named The ids on all of its pages.
 * @param before What was known when its first page was asked for: what has happened since may have moved between the pages.
 */
export function withoutUnlisted(inbox: Inbox, named: ReadonlySet<string>, before: Inbox): Inbox {
  const stays = ([id, { head }]: [string, Conversation]) => named.has(id) || head === 0 || before[id]?.head !== head;
  const left = Object.entries(inbox).filter(stays);
  return left.length === Object.keys(inbox).length ? inbox : Object.fromEntries(left);
}

/** Take a live entry in; a conversation that is not known is begun with what the entry says. */
export function withEntry(inbox: Inbox, entry: Message, me: string): Inbox {
  const id = entry.conversation_id;
  const seq = entry.seq ?? 0;
  const before = inbox[id] ?? begun(entry, me);
  if (seq <= before.head) return inbox;
  const foreign = isMessage(entry) && entry.sender_id !== me;
  const counted = foreign && seq > before.read;
  return {
    ...inbox,
    [id]: {
      ...before,
      head: seq,
      epoch: entry.epoch,
      read: foreign ? before.read : Math.max(before.read, before.unread === 0 ? seq : before.read),
      unread: before.unread + (counted ? 1 : 0),
      name: entry.change?.name ?? before.name,
      picture: entry.change?.picture === undefined ? before.picture : entry.change.picture,
      last_message: isShown(entry) ? entry : altered(before.last_message, entry),
    },
  };
}

/** Return what changes whenever a friendship has begun, ended, or been asked for. */
export function turnsOf(inbox: Inbox): string {
  const last = Object.values(inbox).map((each) => each.last_message);
  return last.flatMap((each) => (each?.kind.startsWith("friend_") ? [each.message_id] : [])).join();
}

/** Whether somebody of that role belongs to a group or a channel; who was banned or has only asked does not. */
export function belongs(role: string): boolean {
  return ["owner", "admin", "poster", "member", "subscriber"].includes(role);
}

/** Whether somebody of that role may write there. */
export function writes(role: string): boolean {
  return belongs(role) && role !== "subscriber";
}

/**
 * Whether somebody is named above what they have read: by the newest message, or by one that came while the page was open.
 *
 * @param seq Of the newest message that came and names them; undefined for none.
 */
export function isNamed(
  { read, unread, last_message: last }: Conversation,
  me: string,
  seq: number | undefined,
): boolean {
  return unread > 0 && ((seq ?? 0) > read || (names(last, me) && (last?.seq ?? 0) > read));
}

function altered(last: Message | null, by: Message): Message | null {
  if (last === null || by.change?.message_id !== last.message_id) return last;
  if (by.kind === "message_edited") return { ...last, text: by.change.text ?? last.text };
  if (by.kind === "message_deleted") return { ...last, text: "", deleted: true };
  return last;
}

/** Take in how far oneself has read, on whichever device. */
export function withRead(inbox: Inbox, id: string, read: number, left: number): Inbox {
  const before = inbox[id];
  if (before === undefined || read < before.read) return inbox;
  return { ...inbox, [id]: { ...before, read, unread: read >= before.head ? 0 : left } };
}

/** Take in that a conversation stands up to that entry alone; what was said last there, the list tells when it is read anew. */
export function withWithdrawn(inbox: Inbox, id: string, last: number): Inbox {
  const before = inbox[id];
  if (before === undefined || before.head <= last) return inbox;
  const { head, received, read } = before;
  const [lowered, had, seen] = [head, received, read].map((seq) => Math.min(seq, last)) as [number, number, number];
  return { ...inbox, [id]: { ...before, head: lowered, received: had, read: seen } };
}

const MOST_HELD = 400;

/** Return the last entry that is known of each conversation, as its epoch and number; of the newest conversations, since a frame holds so many. */
export function heldOf(inbox: Inbox): Record<string, [number, number]> {
  const known = Object.values(inbox).filter((each) => each.head > 0);
  const newest = known.sort((a, b) => lastAt(b) - lastAt(a)).slice(0, MOST_HELD);
  return Object.fromEntries(newest.map(({ conversation_id: id, epoch, head }) => [id, [epoch, head]]));
}

function begun(entry: Message, me: string): Conversation {
  const kind = { g: "group", c: "channel" }[entry.conversation_id[0] ?? ""] ?? "direct";
  const peer = entry.sender_id === me ? entry.recipient_id : entry.sender_id;
  return empty(entry.conversation_id, kind, kind === "direct" ? (peer ?? null) : null, entry.change?.name ?? "");
}

/** A conversation of which nothing is known but who or what it is. */
export function empty(id: string, kind: string, peerId: string | null, name: string): Conversation {
  return {
    conversation_id: id,
    kind,
    peer_id: peerId,
    name,
    last_message: null,
    unread: 0,
    received: 0,
    read: 0,
    head: 0,
    epoch: 0,
    picture: null,
  };
}
