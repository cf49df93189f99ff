/** What is on the screen: whatever comes between a question and its answer, in the end all of it is there. */

import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Message, RegionFrame } from "../src/core/types";
import type { Link } from "../src/io/link";
import { entriesOf, type PretendedRegion, pretend } from "./pretending";

vi.mock("../src/io/session", () => ({ access: async () => "token" }));

type Incoming = typeof import("../src/state/incoming");
type Store = typeof import("../src/state/store");
type Watching = typeof import("../src/state/watching");

const CHANNEL = "c1-us";
const MISSING = { status: 404, code: "not-found", detail: "There is no such conversation." };
const BUSY = { status: 503, code: "unavailable", detail: "The region us does not answer." };
let incoming: Incoming;
let store: Store;
let watching: Watching;
let answers: PretendedRegion["answers"];
let asked: PretendedRegion["asked"];

const entry = entriesOf(CHANNEL);
const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 30_000 });
const page = (...messages: Message[]) => ({ messages, next: null, previous: null });
const told = (message: Message) => incoming.take({ type: "entry", message, hops: [] } as RegionFrame);
const joined = (seq: number) => entry(seq, { kind: "member_joined", sender_id: "u1-eu", text: "" });
const shown = () => store.timelineOf(CHANNEL).entries.map((each) => each.seq);
const seeing = (...seqs: number[]) => until(() => expect(shown()).toEqual(seqs));

beforeEach(async () => {
  vi.resetModules();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.stubGlobal("indexedDB", new IDBFactory());
  ({ asked, answers } = pretend("eu"));
  answers["/channels/c1-us"] = () => ({
    role: "subscriber",
    subscriber_count: 2,
    name: "C",
    owner_region: "us",
    public: true,
  });
  incoming = await import("../src/state/incoming");
  store = await import("../src/state/store");
  watching = await import("../src/state/watching");
  incoming.speakOver({ say: () => true } as unknown as Link);
  store.set({
    phase: "in",
    me: { user_id: "u1-eu" } as ReturnType<Store["get"]>["me"],
    standing: { at: "online", place: "https://eu.example.org" },
  });
});

afterEach(() => {
  vi.useRealTimers();
});

test("a channel that one does not belong to yet is opened by the entry with which one does", async () => {
  answers["/messages"] = () => MISSING;
  watching.look(CHANNEL);
  await until(() => expect(store.get().troubles[CHANNEL]).toContain("no such"));

  answers["/messages"] = () => page(joined(3), entry(2), entry(1));
  told(joined(3));

  await seeing(1, 2, 3);
  await until(() => expect(store.get().about[CHANNEL]?.role).toBe("subscriber"));
  expect(store.get().troubles[CHANNEL]).toBeUndefined();
});

test("so it is if that entry is faster than the answer that there is no such channel", async () => {
  let first = true;
  answers["/messages"] = () => {
    if (!first) return page(joined(3), entry(2), entry(1));
    first = false;
    told(joined(3));
    return MISSING;
  };
  watching.look(CHANNEL);

  await seeing(1, 2, 3);
});

test("and if it is not told at all, but the list names the channel", async () => {
  answers["/messages"] = () => MISSING;
  watching.look(CHANNEL);
  await until(() => expect(store.get().troubles[CHANNEL]).toContain("no such"));

  answers["/messages"] = () => page(joined(3), entry(2), entry(1));
  const listed = { ...(await import("../src/core/inbox")).empty(CHANNEL, "channel", null, "C"), head: 3, epoch: 1 };
  answers["/conversations"] = () => ({ conversations: [listed], next: null });
  incoming.take({ type: "changed", conversations: [] } as unknown as RegionFrame);

  await seeing(1, 2, 3);
});

test("what there is not is not asked for again and again", async () => {
  answers["/messages"] = () => MISSING;
  watching.look(CHANNEL);
  await until(() => expect(store.get().troubles[CHANNEL]).toContain("no such"));
  await vi.advanceTimersByTimeAsync(60_000);

  expect(asked).toEqual(["/messages"]);
});

test.each(["/messages", "/channels/c1-us"])("while the owner does not answer %s is asked for again", async (path) => {
  answers["/messages"] = () => page(joined(3), entry(2), entry(1));
  const well = answers[path];
  answers[path] = () => BUSY;
  watching.look(CHANNEL);
  await until(() => expect(store.get().troubles[CHANNEL]).toContain("cannot do this now"));

  answers[path] = well ?? (() => BUSY);
  await vi.advanceTimersByTimeAsync(5_000);

  await seeing(1, 2, 3);
  await until(() => expect(store.get().troubles[CHANNEL]).toBeUndefined());
  expect(store.get().about[CHANNEL]?.role).toBe("subscriber");
});

test("what comes above a gap while that is read is there in the end", async () => {
  answers["/messages"] = () => page(entry(1));
  watching.look(CHANNEL);
  await seeing(1);

  let newest = 3;
  answers["/messages"] = () => {
    const answer = page(...[2, 3, 4, 5].filter((seq) => seq <= newest).map((seq) => entry(seq)));
    if (newest === 3) told(entry(5));
    newest = 5;
    return answer;
  };
  told(entry(3));

  await seeing(1, 2, 3, 4, 5);
});

test("where nothing was, what comes behind something that was not told is a gap, too", async () => {
  answers["/messages"] = () => page();
  watching.look(CHANNEL);
  await until(() => expect(store.timelineOf(CHANNEL).older).toBeNull());

  answers["/messages"] = () => page(entry(2), entry(1));
  told(entry(2));

  await seeing(1, 2);
});

test("what came while a conversation was opened, and cannot be read now, is read later", async () => {
  let comes = () => told(entry(3));
  answers["/messages"] = (query) => {
    if (query.has("after")) return BUSY;
    comes();
    comes = () => {};
    return page(entry(2), entry(1));
  };
  watching.look(CHANNEL);
  await until(() => expect(store.get().troubles[CHANNEL]).toContain("cannot do this now"));

  answers["/messages"] = () => page(entry(3), entry(2), entry(1));
  await vi.advanceTimersByTimeAsync(5_000);

  await seeing(1, 2, 3);
  await until(() => expect(store.get().about[CHANNEL]?.role).toBe("subscriber"));
});

test("if a gap cannot be read now, it is read later", async () => {
  answers["/messages"] = () => page(entry(1));
  watching.look(CHANNEL);
  await seeing(1);

  answers["/messages"] = () => BUSY;
  told(entry(3));
  await until(() => expect(store.get().troubles[CHANNEL]).toContain("cannot do this now"));
  answers["/messages"] = () => page(entry(3), entry(2), entry(1));
  await vi.advanceTimersByTimeAsync(5_000);

  await seeing(1, 2, 3);
});

test("pages of the past are kept as far as they belong to the end, and else leave alone what is kept", async () => {
  const kept = async () => (await (await import("../src/io/database")).database()).get("seen", CHANNEL);
  const run = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, place) => entry(from - place));
  answers["/messages"] = (query) => {
    if (!query.has("before")) return { messages: run(300, 251), next: "1.251", previous: null };
    const from = Number(query.get("before")?.split(".")[1]) - 1;
    return { messages: run(from, Math.max(1, from - 99)), next: from > 100 ? `1.${from - 99}` : null, previous: null };
  };
  watching.look(CHANNEL);
  await until(async () => expect((await kept())?.entries.length).toBe(50));
  const { readOlder } = await import("../src/state/history");
  await readOlder(CHANNEL);
  await until(async () => expect((await kept())?.entries.length).toBe(150));
  await readOlder(CHANNEL);
  await until(async () => expect((await kept())?.entries.length).toBe(200));

  await (await (await import("../src/io/database")).database()).delete("seen", CHANNEL);
  await readOlder(CHANNEL);

  expect(shown().length).toBe(300);
  expect(await kept()).toBeUndefined();
});

test("a role that changes while the one before is read is seen", async () => {
  answers["/messages"] = () => page(entry(1));
  watching.look(CHANNEL);
  await until(() => expect(store.get().about[CHANNEL]?.role).toBe("subscriber"));

  let role = "poster";
  answers["/channels/c1-us"] = () => {
    const answer = { role, subscriber_count: 2, name: "C", owner_region: "us", public: true };
    if (role === "poster") told(entry(3, { kind: "role_changed" }));
    role = "owner";
    return answer;
  };
  told(entry(2, { kind: "role_changed" }));

  await until(() => expect(store.get().about[CHANNEL]?.role).toBe("owner"));
});
