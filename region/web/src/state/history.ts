/** Reading: the list of conversations, and pages of each one's history, from the region and from what was kept. */

import { belongs, empty, withoutUnlisted } from "../core/inbox";
import { joins, placeOf, withNewer, withOlder, withoutWithdrawn, withThose, withWithdrawn } from "../core/timeline";
import { api, got } from "../io/api";
import { database, keepInbox, readInbox } from "../io/database";
import { readDrafts } from "../io/drafts";
import { compareDrafts } from "./drafts";
import { setFrom } from "./pending";
import { anew, endOf, once, type Read } from "./reading";
import { why } from "./saying";
import { get, putConversations, set, setTimeline, timelineOf, useStore } from "./store";
import { keepAside, tell } from "./telling";

const PAGE = 50;
const CATCH_UP = 200;
const MOST_CATCH_UPS = 5;
const SEEN = 200;
const CONTEXT = 10;
const LIST = 200;

/** Show what an earlier page has kept. */
export async function loadKept(): Promise<void> {
  const kept = await database();
  putConversations(await readInbox());
  const people = await kept.getAll("people");
  set({
    people: Object.fromEntries(people.map((each) => [each.user_id, each])),
    drafts: readDrafts(),
  });
}

/**
 * Whether the list knows of entries that are not known here: a resume token may mean nothing to a region that it is shown to,
 * and then the device is told only what happens from now on.
 */
export async function hasMissed(): Promise<boolean> {
  const page = await got(api.GET("/conversations", { params: { query: { limit: PAGE } } }));
  return page.conversations.some((each) => each.head > (get().inbox[each.conversation_id]?.head ?? 0));
}

/** Read the whole list anew; what the region does not list any more goes. */
export async function readList(): Promise<void> {
  const named = new Set<string>();
  const known = get().inbox;
  let before: string | undefined;
  do {
    const query = before === undefined ? { limit: LIST } : { limit: LIST, before };
    const page = await got(api.GET("/conversations", { params: { query } }));
    for (const { conversation_id: id } of page.conversations) named.add(id);
    putConversations(page.conversations);
    set({ listed: true });
    before = page.next ?? undefined;
  } while (before !== undefined);
  set((state) => ({ inbox: withoutUnlisted(state.inbox, named, known) }));
  compareDrafts([...named]);
}

/** Whether there is nothing to be read but what comes: the newest page is here, and what the conversation is. */
export function isOpen(id: string): boolean {
  return timelineOf(id).older !== undefined && (id.startsWith("d") || get().about[id] !== undefined);
}

/** Open a conversation: show what was kept, then what the region has; once, until it is forgotten. */
export function open(id: string): Promise<Read> {
  return anew(`open ${id}`, async () => {
    if (isOpen(id)) return "done";
    try {
      if (timelineOf(id).older === undefined) await readEnd(id);
      await readAbout(id);
      setTrouble(id, null);
      return "done";
    } catch (error) {
      // Where nothing is on the screen yet, the trouble is.
      if (setTrouble(id, error) && timelineOf(id).entries.length > 0) tell(error);
      return endOf(error);
    }
  });
}

async function readEnd(id: string): Promise<void> {
  const seen = await (await database()).get("seen", id);
  if (seen !== undefined && timelineOf(id).entries.length === 0) {
    setTimeline(id, { ...timelineOf(id), entries: seen.entries, marks: seen.marks, older: undefined });
  }
  await readNewest(id);
  // What came while that page was under way is neither on it nor anywhere here.
  const last = timelineOf(id).entries.at(-1)?.seq ?? 0;
  if ((get().inbox[id]?.head ?? 0) <= last) return;
  try {
    await readNewer(id);
  } catch (error) {
    forgetEnd(id);
    throw error;
  }
}

/** Have the newest page read anew, when the conversation is opened. */
export function forgetEnd(id: string): void {
  if (get().timelines[id]) setTimeline(id, { ...timelineOf(id), older: undefined });
}

/** Say no more why it could not be read; it is tried again. */
export function forgetTrouble(id: string): void {
  setTrouble(id, null);
}

/** Return whether that is news. */
function setTrouble(id: string, error: unknown): boolean {
  const { [id]: before, ...others } = get().troubles;
  const said = why(error);
  set({ troubles: error === null ? others : { ...others, [id]: said } });
  return said !== before;
}

/** Read the newest page, and join it to what is here if nothing lies between. */
async function readNewest(id: string): Promise<void> {
  // With all that is unread, as far as one page holds it, and a little of what was said before.
  const limit = Math.min(CATCH_UP, Math.max(PAGE, (get().inbox[id]?.unread ?? 0) + CONTEXT));
  const query = { conversation_id: id, limit, log: true };
  const page = await got(api.GET("/messages", { params: { query } }));
  const before = withoutWithdrawn(timelineOf(id), page.messages);
  const kept = joins(before, page.messages) ? before : { ...before, entries: [] };
  const first = kept.entries[0];
  // Behind what was kept lies more, and how much is known by its first number alone.
  const lowestKept = first?.from_seq ?? first?.seq ?? 0;
  const older = first === undefined ? page.next : lowestKept <= 1 ? null : `${first.epoch}.${lowestKept}`;
  setTimeline(id, withOlder(kept, page.messages, older));
  setFrom(id, page.messages);
  keep(id);
}

/** Read one more page of the past; the caller waits for it to keep its place. */
export function readOlder(id: string): Promise<Read> {
  return once(`older ${id}`, async () => {
    const before = timelineOf(id).older;
    if (before === null || before === undefined) return;
    const query = { conversation_id: id, limit: PAGE, before, log: true };
    const page = await got(api.GET("/messages", { params: { query } }));
    const few = timelineOf(id).entries.length < SEEN; // else the end, which is kept, stays as it is
    setTimeline(id, withOlder(timelineOf(id), page.messages, page.next));
    if (few) keep(id);
  });
}

/** Read what was missed while away; what is too much is read anew from its end. */
export function catchUp(id: string): Promise<Read> {
  return anew(`newer ${id}`, () => readNewer(id));
}

async function readNewer(id: string): Promise<void> {
  for (let round = 0; round < MOST_CATCH_UPS; round++) {
    const after = placeOf(timelineOf(id));
    if (after === null) break;
    const query = { conversation_id: id, limit: CATCH_UP, after, log: true };
    const page = await got(api.GET("/messages", { params: { query } }));
    setTimeline(id, withNewer(timelineOf(id), page.messages));
    if (page.previous === null) return keep(id);
  }
  setTimeline(id, { ...timelineOf(id), entries: [], older: undefined });
  await readNewest(id);
}

const KEEP_MS = 1_000;
let pause: ReturnType<typeof setTimeout> | undefined;
let changed = false;

/** Keep the list as it is shown, for when there is no network: at once, and then once a second at most. */
function keepList(): void {
  changed = pause !== undefined;
  if (changed || get().phase !== "in") return;
  keepAside(() => keepInbox(Object.values(get().inbox)));
  pause = setTimeout(() => {
    pause = undefined;
    if (changed) keepList();
  }, KEEP_MS);
}

useStore.subscribe((state, before) => {
  if (state.inbox !== before.inbox) keepList();
});

/** Return the conversation with somebody; it exists as soon as it is asked for, and begins with its first message. */
export async function withPerson(userId: string): Promise<string> {
  const known = Object.values(get().inbox).find((each) => each.peer_id === userId);
  if (known !== undefined) return known.conversation_id;
  const page = await got(api.GET("/messages", { params: { query: { peer_id: userId, limit: PAGE, log: true } } }));
  putConversations([empty(page.conversation_id, "direct", userId, "")]);
  setTimeline(page.conversation_id, withOlder(timelineOf(page.conversation_id), page.messages, page.next));
  return page.conversation_id;
}

async function readAbout(id: string): Promise<void> {
  if (id.startsWith("g")) {
    const params = { path: { group_id: id } };
    const group = await got(api.GET("/groups/{group_id}", { params }));
    const { role, member_count: members, description, owner_region: ownerRegion } = group;
    const all = belongs(role) ? (await got(api.GET("/groups/{group_id}/members", { params }))).members : null;
    set((state) => ({ about: { ...state.about, [id]: { role, members, description, ownerRegion, public: false } } }));
    const there = all?.filter((each) => each.role !== "banned" && each.role !== "asking");
    if (there !== undefined) setTimeline(id, withThose(timelineOf(id), there));
  } else if (id.startsWith("c")) {
    const channel = await got(api.GET("/channels/{channel_id}", { params: { path: { channel_id: id } } }));
    const about = {
      role: channel.role,
      members: channel.subscriber_count,
      description: channel.description,
      ownerRegion: channel.owner_region,
      public: channel.public,
    };
    set((state) => ({ about: { ...state.about, [id]: about } }));
    if (get().inbox[id] === undefined) putConversations([empty(id, "channel", null, channel.name)]);
  }
}

/** Look at a group or a channel anew, after somebody has come, gone or got another role. */
export function lookAgain(id: string): Promise<Read> {
  return anew(`about ${id}`, () => readAbout(id));
}

/** Keep the end of a history for when there is no network. */
export function keep(id: string): void {
  const { entries, marks } = timelineOf(id);
  keepAside((kept) => kept.put("seen", { entries: entries.slice(-SEEN), marks }, id));
}

/** Take from the screen, and from what is kept, what stands there no more. */
export function withdraw(id: string, last: number): void {
  if (timelineOf(id).entries.length > 0) {
    setTimeline(id, withWithdrawn(timelineOf(id), last));
    keep(id);
    return;
  }
  keepAside(async (kept) => {
    const seen = await kept.get("seen", id);
    if (seen === undefined) return;
    const { entries, marks } = withWithdrawn({ ...seen, older: undefined }, last);
    await kept.put("seen", { entries, marks }, id);
  });
}
