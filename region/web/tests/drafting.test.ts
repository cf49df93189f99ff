/** Drafts on several devices: what is typed arrives, what was typed elsewhere is shown, and nothing is taken out of one's hands. */

import { beforeEach, expect, test, vi } from "vitest";
import type { RegionFrame } from "../src/core/types";
import { pretendStorage } from "./pretending";

vi.mock("../src/io/session", () => ({ access: async () => "token" }));
vi.mock("../src/io/database", () => ({
  account: () => "u1-us",
  database: () => new Promise(() => {}),
  keepInbox: () => {},
}));

type Drafts = typeof import("../src/state/drafts");
type Incoming = typeof import("../src/state/incoming");
type Store = typeof import("../src/state/store");

const TALK = "g1-us";
const PAUSE_MS = 2_000;
let drafts: Drafts;
let incoming: Incoming;
let store: Store;
let kept: Map<string, string>;
let hidden: () => void;
/** What the region was told, and what it answers: with the text that it has then, or nothing. */
let told: string[];
let answer: (draft: string) => Promise<object>;
let version: number;

const preferences = (draft: string | null) => ({
  conversation_id: TALK,
  archived: false,
  marked_unread: false,
  pinned: false,
  muted_until: null,
  draft,
  version: ++version,
});
const comes = (draft: string | null) => incoming.take({ type: "preferences", ...preferences(draft) } as RegionFrame);
const here = () => store.get().drafts[TALK] ?? "";
const passes = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
const until = (check: () => void) => vi.waitFor(check, { timeout: 30_000 });

/** Load the page: what an earlier one had in memory is gone. */
async function load(): Promise<void> {
  vi.resetModules();
  vi.clearAllTimers();
  store = await import("../src/state/store");
  drafts = await import("../src/state/drafts");
  incoming = await import("../src/state/incoming");
  await import("../src/state/drafting"); // as it is once two texts were different
  store.set({ phase: "in", drafts: (await import("../src/io/drafts")).readDrafts() });
  store.putConversations([(await import("../src/core/inbox")).empty(TALK, "group", null, "G")]);
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  kept = new Map();
  told = [];
  version = 0;
  answer = async (draft) => preferences(draft);
  const document = {
    visibilityState: "visible",
    addEventListener: (_: string, listener: () => void) => (hidden = listener),
  };
  vi.stubGlobal("document", document);
  vi.stubGlobal("location", { origin: "https://us.example.org" });
  vi.stubGlobal("navigator", { onLine: true });
  pretendStorage(kept);
  vi.stubGlobal("fetch", async (_: string, { method, body }: { method: string; body: string | null }) => {
    if (method === "GET") return Response.json({ ...preferences("asked for"), version });
    const { draft } = JSON.parse(body ?? "{}") as { draft: string };
    told.push(draft);
    return Response.json(await answer(draft));
  });
  await load();
});

test("what is typed is told once one pauses, and once", async () => {
  drafts.keepDraft(TALK, "I");
  await passes(500);
  drafts.keepDraft(TALK, "I will");
  await passes(PAUSE_MS + 500);
  await until(() => expect(told).toEqual(["I will"]));
  await passes(PAUSE_MS * 5);

  expect(told).toEqual(["I will"]);
});

test("whoever looks away has it told at once", async () => {
  drafts.keepDraft(TALK, "I will");
  await passes(100);
  vi.stubGlobal("document", { visibilityState: "hidden" });
  hidden();
  await passes(0);

  await until(() => expect(told).toEqual(["I will"]));
});

test("what was typed on another device is shown, and goes when it was sent there", async () => {
  comes("From afar");
  await until(() => expect(here()).toBe("From afar"));
  await load();
  expect(here()).toBe("From afar");

  comes("");
  await until(() => expect(here()).toBe(""));
  expect(told).toEqual([]);
});

test("what one types here is not taken away by another device; it is told, and counts", async () => {
  comes("From afar");
  await until(() => expect(here()).toBe("From afar"));
  drafts.keepDraft(TALK, "From here");
  comes("From farther");
  await passes(PAUSE_MS + 500);
  await until(() => expect(told).toEqual(["From here"]));

  expect(here()).toBe("From here");
});

test("one's own words of a moment ago, told back late, bring nothing back", async () => {
  let echo = () => {};
  answer = (draft) => new Promise((resolve) => (echo = () => resolve(preferences(draft))));
  drafts.keepDraft(TALK, "I will");
  await passes(PAUSE_MS);
  await until(() => expect(told).toEqual(["I will"]));
  drafts.keepDraft(TALK, "");
  comes("I will");
  echo();
  await passes(PAUSE_MS * 2);
  echo();

  await until(() => expect(told).toEqual(["I will", ""]));
  expect(here()).toBe("");
});

test("what could not be told is, after a connection, by the next page as well", async () => {
  answer = async () => Promise.reject(new TypeError("no network"));
  drafts.keepDraft(TALK, "I will");
  await passes(PAUSE_MS);
  await until(() => expect(told).toEqual(["I will"]));
  await load();
  answer = async (draft) => preferences(draft);
  store.set({ standing: { at: "online", place: "https://us.example.org" } });
  await passes(0);
  await until(() => expect(told).toEqual(["I will", "I will"]));

  await passes(PAUSE_MS);
  expect(here()).toBe("I will");
});

test("a draft that had no room in what was told is asked for", async () => {
  comes(null);

  await until(() => expect(here()).toBe("asked for"));
});

test("whoever logs out leaves none of it behind", async () => {
  comes("From afar");
  await until(() => expect(kept.size).toBe(2));
  (await import("../src/io/drafts")).forgetDrafts("u1-us");

  expect(kept.size).toBe(0);
});
