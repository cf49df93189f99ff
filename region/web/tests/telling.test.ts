/** Work that nobody waits for: what goes wrong with it is told once, and holds nothing up. */

import { beforeEach, expect, test, vi } from "vitest";
import type { Link } from "../src/io/link";
import { pretend } from "./pretending";

const FULL = new DOMException("The disk is full.", "QuotaExceededError");
let full: boolean;
vi.mock("../src/io/database", () => {
  const done = async () => {
    if (full) throw FULL;
  };
  const kept = { put: done, delete: done, get: done };
  return { account: () => "u1-us", database: async () => kept, keepInbox: done, whenGone: () => {} };
});

let store: typeof import("../src/state/store");
let telling: typeof import("../src/state/telling");
const notices: string[] = [];
const until = (check: () => void) => vi.waitFor(check, { timeout: 30_000 });
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

beforeEach(async () => {
  full = false;
  notices.length = 0;
  pretend("us");
  vi.resetModules();
  store = await import("../src/state/store");
  telling = await import("../src/state/telling");
  store.set({ phase: "in" });
  store.useStore.subscribe(({ notice }, before) => {
    if (notice !== null && notice !== before.notice) notices.push(notice);
  });
});

test("what goes wrong is told in words; that there is no network, the banner says", async () => {
  const { ApiError } = await import("../src/io/problem");
  telling.aside(Promise.reject(new ApiError({})));
  await settled();
  expect(notices).toEqual([]);

  telling.aside(Promise.reject(new ApiError({ code: "busy", detail: "busy" })));
  await until(() => expect(notices).toEqual([expect.stringContaining("nothing was done")]));
});

test("whoever has left is told nothing of what was still under way", async () => {
  const { ApiError } = await import("../src/io/problem");
  store.set({ phase: "out" });
  telling.aside(Promise.reject(new ApiError({ code: "busy", detail: "busy" })));
  await settled();

  expect(notices).toEqual([]);
});

test("a browser that keeps nothing more says so once, however much is to be kept", async () => {
  full = true;
  const { put } = await import("../src/state/people");
  const { keep, withdraw } = await import("../src/state/history");
  put([{ user_id: "u2-us" } as Parameters<typeof put>[0][number]]);
  keep("g1-us");
  withdraw("g1-us", 3);
  await until(() => expect(notices).toEqual([expect.stringContaining("QuotaExceededError")]));
  keep("g1-us");
  await settled();

  expect(notices).toHaveLength(1);
  expect(store.get().people["u2-us"]).toBeDefined();
});

test("whoever is logged out is told nothing of it", async () => {
  full = true;
  store.clear("out");
  telling.keepAside((kept) => kept.delete("seen", "g1-us"));
  await settled();
  await settled();

  expect(notices).toEqual([]);
});

test("the next message goes, though the browser keeps nothing of the one before", async () => {
  const outgoing = await import("../src/state/outgoing");
  const said: string[] = [];
  const say = (frame: { text: string }) => said.push(frame.text) > 0;
  outgoing.speakOver({ say } as unknown as Link);
  const message = { conversationId: "g1-us", recipientId: null, replyTo: null, attachments: [] };
  await outgoing.write({ ...message, text: "first" });
  await outgoing.write({ ...message, text: "second" });
  expect(said).toEqual(["first"]);

  full = true;
  const first = store.get().outbox[0]?.clientMessageId ?? "";
  await expect(outgoing.discard(first)).rejects.toThrow("The disk is full.");

  expect(said).toEqual(["first", "second"]);
  expect(store.get().outbox.map((item) => item.text)).toEqual(["second"]);
});
