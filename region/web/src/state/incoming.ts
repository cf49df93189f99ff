/** What the socket tells, taken into the store. */

import * as inbox from "../core/inbox";
import { names } from "../core/pieces";
import { isGap, isMessage, unreadAbove, withConcealed, withEntry, withMark } from "../core/timeline";
import type {
  ConcealedFrame,
  DeviceFrame,
  MarksFrame,
  Message,
  RefusedFrame,
  RegionFrame,
  WithdrawnFrame,
} from "../core/types";
import { api, got } from "../io/api";
import type { Link } from "../io/link";
import { note } from "../io/places";
import { isAnswered } from "../io/problem";
import { problem, t } from "../words";
import { forget } from "./blobs";
import { compareDrafts } from "./drafts";
import { hasMissed, keep, lookAgain, readList, withdraw } from "./history";
import * as outgoing from "./outgoing";
import * as pending from "./pending";
import { askAgain, needAnew } from "./people";
import * as signs from "./signs";
import { get, notify, set, setTimeline, timelineOf } from "./store";
import * as watching from "./watching";

const RECEIVED_MS = 250;
const LIST_MS = 400;
const AGAIN_MS = 5_000;
/** So long the answer of a request may come after the word of what became of it. */
const ANSWER_MS = 1_500;
const MEMBERSHIP = /^(member_|role_|join_|group_|channel_)(?!message)/;

let link: Link | null = null;
let resume: string | null = null;
let listTimer: ReturnType<typeof setTimeout> | undefined;
const unconfirmed = new Map<string, Message>();

export function speakOver(of: Link | null): void {
  link = of;
  resume = null;
  outgoing.speakOver(of);
  watching.speakOver(of);
}

/** An edit, a reaction, a pin, a role that was answered with "queued": nothing else on the screen tells how it ended. */
function tellRefusal({ message_id, code, detail }: RefusedFrame): void {
  if (!isAnswered(message_id)) notify(problem(code, detail));
}

/** Say something to the region; false if there is no connection. */
export function say(frame: DeviceFrame): boolean {
  return link?.say(frame) ?? false;
}

/** What to say first on a connection: what is held counts where the token means nothing, as after a failover. A page that has just been loaded reads the list. */
export function hello(): DeviceFrame & { type: "hello" } {
  return { type: "hello", resume, held: resume === null ? null : inbox.heldOf(get().inbox) };
}

/** Say that one types, at most every three seconds. */
let typedAt = 0;
export function typed(id: string): void {
  if (Date.now() - typedAt < 3_000 || id.startsWith("c")) return;
  typedAt = Date.now();
  link?.say({ type: "typing", conversation_id: id });
}

export function take(frame: RegionFrame): void {
  switch (frame.type) {
    case "welcome":
      outgoing.reconnected(frame.until_accepted ?? false);
      void welcomed(resume !== null && frame.complete);
      resume = frame.resume;
      break;
    case "resume":
      resume = frame.token;
      break;
    case "changed":
      for (const { conversation_id: id } of frame.conversations) watching.stale(id);
      readListSoon();
      break;
    case "accepted":
      outgoing.onAccepted(frame.client_message_id, frame.message_id, frame.conversation_id);
      break;
    case "pending":
      if (!outgoing.onPending(frame.message)) pending.add(frame.message);
      break;
    case "entry":
      signs.noteWay(frame.message.message_id, frame.hops);
      entered(frame.message);
      break;
    case "refused":
      if (!outgoing.onRefused(frame)) setTimeout(tellRefusal, ANSWER_MS, frame);
      pending.drop(frame.conversation_id, frame.message_id);
      break;
    case "receipt":
      received(frame.message);
      break;
    case "error":
      if (frame.client_message_id !== undefined) outgoing.onError(frame);
      break;
    case "marks":
      marked(frame);
      break;
    case "preferences": {
      const { type: _, ...preferences } = frame;
      const id = frame.conversation_id;
      set((state) => ({ inbox: inbox.withPreferences(state.inbox, id, preferences) }));
      compareDrafts([id]);
      break;
    }
    case "presence":
      signs.presence(frame);
      break;
    case "concealed":
      concealed(frame);
      break;
    case "withdrawn":
      withdrawn(frame);
      break;
    case "typist":
      signs.typist(frame.conversation_id, frame.user_id, frame.seconds);
      break;
    case "profile":
      needAnew(frame.user_id);
      break;
    default:
      break; // what this version does not know, and what needs no answer
  }
}

/** `whole`: everything that was missed has been told by frames. */
async function welcomed(whole: boolean): Promise<void> {
  askAgain();
  if (!whole || (await hasMissed().catch(() => true))) {
    for (const id of Object.keys(get().timelines)) watching.stale(id);
    await readList().catch(() => readListSoon(AGAIN_MS));
  }
  watching.lookAgain();
  signs.attendFriends(say, watching.watched());
  const told = await got(api.GET("/regions")).catch(() => null);
  if (told === null) return; // where they were before, they may still be
  set({ regions: told.regions });
  note(told.regions);
}

function concealed({ conversation_id: id, seqs }: ConcealedFrame): void {
  forget(
    timelineOf(id).entries.filter(
      ({ seq }) => seqs?.some(([first, last]) => first <= (seq ?? 0) && (seq ?? 0) <= last) ?? true,
    ),
  );
  if (seqs !== null) setTimeline(id, withConcealed(timelineOf(id), seqs));
  else if (get().timelines[id]) {
    setTimeline(id, { ...timelineOf(id), entries: [], older: undefined });
    watching.attend(id);
  }
  keep(id);
  readListSoon();
}

function withdrawn({ conversation_id: id, seq }: WithdrawnFrame): void {
  set((state) => ({ inbox: inbox.withWithdrawn(state.inbox, id, seq) }));
  withdraw(id, seq);
  watching.attend(id); // nothing of it may be left
  readListSoon();
}

function entered(message: Message): void {
  const { conversation_id: id } = message;
  const me = get().me?.user_id ?? "";
  const before = timelineOf(id);
  outgoing.onEntry(message);
  pending.drop(id, message.message_id);
  if (message.kind === "message_deleted")
    forget(before.entries.filter(({ seq }) => seq === message.change?.message_seq));
  const known = get().inbox[id] !== undefined;
  set((state) => ({ inbox: inbox.withEntry(state.inbox, message, me) }));
  if (before.older !== undefined || before.entries.length > 0) {
    if (isGap(before, message)) watching.stale(id);
    else setTimeline(id, withEntry(timelineOf(id), message));
    keep(id);
  }
  watching.attend(id); // it could not be read before: one belongs to it by this
  if (!known && !id.startsWith("d")) readListSoon(); // its name is in no entry but the first
  if (MEMBERSHIP.test(message.kind) && before.older !== undefined) void lookAgain(id);
  if (message.sender_id !== me) {
    if (isMessage(message)) signs.stopTyping(id, message.sender_id);
    confirmSoon(message);
    if (isMessage(message)) tellSoon(message);
    if (names(message, me)) set((state) => ({ named: { ...state.named, [id]: message.seq ?? 0 } }));
  }
  if (message.kind.startsWith("friend_")) signs.attendFriends(say, watching.watched()); // whoever has answered is a friend by that as well
  if (watching.isAtEnd(id)) watching.seen(id);
}

/** What was numbered where one is no member: that one has asked to join, or was turned down. */
function received(message: Message): void {
  outgoing.onEntry(message);
  pending.drop(message.conversation_id, message.message_id);
  if (message.kind === "join_asked") notify(t("join.asked"));
  if (message.kind === "join_declined" && message.change?.user_id === get().me?.user_id) notify(t("join.declined"));
}

function marked(frame: MarksFrame): void {
  const { conversation_id: id, user_id: userId, received, read } = frame;
  const me = get().me?.user_id ?? "";
  setTimeline(id, withMark(timelineOf(id), userId, { received, read }));
  if (timelineOf(id).entries.length > 0) keep(id);
  if (userId !== me) return;
  const left = unreadAbove(timelineOf(id), read, me);
  const before = get().inbox[id];
  set((state) => ({ inbox: inbox.withRead(state.inbox, id, read, left) }));
  if (before !== undefined && read < before.head && timelineOf(id).entries.length === 0) readListSoon();
}

function tellSoon(message: Message): void {
  if (document.visibilityState === "visible" || globalThis.Notification?.permission !== "granted") return;
  import("./notifying").then(({ tell }) => tell(message)).catch(() => {}); // the title tells of it, too
}

/** Tell the region what this device has, a moment later and once for many. */
function confirmSoon(message: Message): void {
  if (unconfirmed.size === 0) {
    setTimeout(() => {
      for (const { conversation_id: id, seq, epoch } of unconfirmed.values()) {
        link?.say({ type: "received", conversation_id: id, seq: seq ?? 0, epoch });
      }
      unconfirmed.clear();
    }, RECEIVED_MS);
  }
  unconfirmed.set(message.conversation_id, message);
}

/** Read the list a moment later, once for many reasons; and again, if it cannot be read. */
function readListSoon(afterMs = LIST_MS): void {
  clearTimeout(listTimer);
  listTimer = setTimeout(() => {
    if (link !== null) readList().then(watching.attendListed, () => readListSoon(AGAIN_MS));
  }, afterMs);
}
