/** What the socket tells, in the store: outcomes of what waited, and what comes while something else is read. */

import "fake-indexeddb/auto";
import { beforeEach, expect, test, vi } from "vitest";
import type { RegionFrame } from "../src/core/types";
import type { Link } from "../src/io/link";
import { entriesOf, type PretendedRegion, pretend } from "./pretending";

const PATIENCE = { timeout: 30_000 };

vi.mock("../src/io/session", () => ({ access: async () => "token" }));

type Incoming = typeof import("../src/state/incoming");
type Store = typeof import("../src/state/store");
type Watching = typeof import("../src/state/watching");

const GROUP = "g1-us";
let incoming: Incoming;
let store: Store;
let watching: Watching;
let said: object[];
let region: PretendedRegion;

const entry = entriesOf(GROUP);

const refused = (name: string) =>
  ({
    type: "refused",
    client_message_id: name,
    message_id: "m9-eu",
    conversation_id: GROUP,
    code: "last-owner",
    detail: "",
  }) satisfies RegionFrame;

beforeEach(async () => {
  vi.resetModules();
  said = [];
  region = pretend("us");
  incoming = await import("../src/state/incoming");
  store = await import("../src/state/store");
  watching = await import("../src/state/watching");
  const say = (frame: object) => said.push(frame) > 0;
  incoming.speakOver({ say } as unknown as Link);
  store.set({ phase: "in", me: { user_id: "u1-us" } as ReturnType<Store["get"]>["me"] });
});

test("what waited elsewhere and was refused there is said, unless its message or the answer to its request says it", async () => {
  vi.useFakeTimers();
  const { noteRefusal } = await import("../src/io/problem");
  const come = (name: string) => {
    store.set({ notice: null });
    incoming.take(refused(name));
    vi.advanceTimersByTime(10_000);
    return store.get().notice;
  };
  expect(come("a pin")).toContain("last owner");

  const stage = { at: "sending" } as const;
  const item = { clientMessageId: "c1", conversationId: GROUP, recipientId: null, text: "", replyTo: null, at: 1 };
  store.set({ outbox: [{ ...item, attachments: [], stage }] });
  expect(come("c1")).toBeNull();
  expect(store.get().outbox[0]?.stage.at).toBe("refused");

  noteRefusal("m9-eu");
  expect(come("a pin")).toBeNull();
  vi.useRealTimers();
});

test("who asks to be let in is told that this was heard, and how it ended; what others are told is no news", () => {
  const receipt = (kind: string, userId?: string) => {
    const change = userId === undefined ? {} : { change: { user_id: userId } };
    incoming.take({ type: "receipt", message: entry(7, { kind, ...change }) });
  };
  receipt("join_declined", "u3-us");
  expect(store.get().notice).toBeNull();

  receipt("join_asked", "u1-us");
  expect(store.get().notice).toContain("asked to join");

  receipt("join_declined", "u1-us");
  expect(store.get().notice).toContain("not let in");
});

test("of what waits for another region only messages stand in the history", () => {
  const waiting = { seq: null, sender_id: "u1-us", queued_for: "eu" };
  incoming.take({ type: "pending", message: entry(null, { ...waiting, message_id: "m1-us" }) });
  incoming.take({ type: "pending", message: entry(null, { ...waiting, message_id: "m2-us", kind: "message_edited" }) });

  expect(store.get().pending[GROUP]?.map((each) => each.message_id)).toEqual(["m1-us"]);
});

test("what comes while a conversation is opened is on the screen before it counts as read", async () => {
  store.putConversations([
    { ...(await import("../src/core/inbox")).empty(GROUP, "group", null, "G"), head: 2, epoch: 1 },
  ]);
  region.answers["/messages"] = (query) => {
    if (query.has("after")) return { messages: [entry(3)], next: null, previous: null };
    incoming.take({ type: "entry", message: entry(3), hops: [] });
    return { messages: [entry(2), entry(1)], next: null, previous: null };
  };
  watching.look(GROUP);
  const read = { type: "read", conversation_id: GROUP, seq: 3, epoch: 1 };
  await vi.waitFor(() => expect(said).toContainEqual(read), PATIENCE);

  expect(store.timelineOf(GROUP).entries.map((each) => each.seq)).toEqual([1, 2, 3]);
});

test("without an answer the regions stay as they were", async () => {
  const regions = [{ region: "eu", public_url: "https://eu.example.org" }];
  store.set({ regions: regions as ReturnType<Store["get"]>["regions"] });
  incoming.take({ type: "welcome", resume: "r1", complete: true } as RegionFrame);
  await new Promise((resolve) => setTimeout(resolve, 50));

  expect(store.get().regions).toBe(regions);
});

test("what was withdrawn leaves the screen, and what has taken its place comes; the token is shown with what is held", async () => {
  region.answers["/messages"] = () => ({ messages: [entry(3), entry(2), entry(1)], next: null, previous: null });
  store.putConversations([
    { ...(await import("../src/core/inbox")).empty(GROUP, "group", null, "G"), head: 3, epoch: 1 },
  ]);
  watching.look(GROUP);
  await vi.waitFor(() => expect(store.timelineOf(GROUP).entries).toHaveLength(3), PATIENCE);
  expect(incoming.hello()).toMatchObject({ resume: null, held: null });
  incoming.take({ type: "resume", token: "r1" });
  expect(incoming.hello()).toMatchObject({ resume: "r1", held: { [GROUP]: [1, 3] } });

  incoming.take({ type: "withdrawn", conversation_id: GROUP, seq: 1, epoch: 1 });
  incoming.take({ type: "entry", message: entry(2, { message_id: "n2", epoch: 2 }), hops: [] });

  expect(store.timelineOf(GROUP).entries.map((each) => each.message_id)).toEqual(["m1", "n2"]);
  expect(store.get().inbox[GROUP]).toMatchObject({ head: 2, epoch: 2 });
});

test("where a number could be lost with the region, one's own message stays in the outbox until it is accepted; else no longer than that", () => {
  const own = { sender_id: "u1-us", client_message_id: "c1" };
  const stage = { at: "sending" } as const;
  const item = { clientMessageId: "c1", conversationId: GROUP, recipientId: null, text: "", replyTo: null, at: 1 };
  const welcome = { type: "welcome", user_id: "u1-us", device_id: "v1", region: "us", resume: "r1", complete: true };
  incoming.take({ ...welcome, type: "welcome", until_accepted: true });
  store.set({ outbox: [{ ...item, attachments: [], stage }] });
  incoming.take({ type: "entry", message: entry(1, own), hops: [] });
  expect(store.get().outbox[0]?.stage.at).toBe("provisional");
  incoming.take({ type: "accepted", client_message_id: "c1", message_id: "m1", conversation_id: GROUP });
  expect(store.get().outbox).toEqual([]);

  incoming.take({ ...welcome, type: "welcome" });
  store.set({ outbox: [{ ...item, clientMessageId: "c2", attachments: [], stage }] });
  incoming.take({ type: "entry", message: entry(2, { ...own, client_message_id: "c2" }), hops: [] });
  expect(store.get().outbox).toEqual([]);
});

test("what comes is in the list that the browser keeps, without the list being read anew", async () => {
  const { readInbox } = await import("../src/io/database");
  store.putConversations([{ ...(await import("../src/core/inbox")).empty(GROUP, "group", null, "G"), epoch: 1 }]);
  incoming.take({ type: "entry", message: entry(1, { text: "Who is where?" }), hops: [] });
  incoming.take({ type: "entry", message: entry(2, { text: "Here" }), hops: [] });

  await vi.waitFor(
    async () => expect((await readInbox()).map((each) => each.last_message?.text)).toEqual(["Here"]),
    PATIENCE,
  );
});
