/** What one's own messages go through in this browser: each is sent once, however often somebody presses. */

import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, test, vi } from "vitest";
import type { Item } from "../src/core/outbox";
import type { DeviceFrame } from "../src/core/types";
import type { Link } from "../src/io/link";
import { pretend } from "./pretending";

const REFUSED: Item = {
  clientMessageId: "first",
  conversationId: "d1-us",
  recipientId: null,
  text: "Hello",
  replyTo: null,
  attachments: [],
  at: 1,
  stage: { at: "refused", code: "friends-only", reason: "no" },
};

let outgoing: typeof import("../src/state/outgoing");
let store: typeof import("../src/state/store");
let database: typeof import("../src/io/database");
let said: DeviceFrame[];

beforeEach(async () => {
  vi.resetModules();
  vi.stubGlobal("indexedDB", new IDBFactory());
  pretend("us");
  database = await import("../src/io/database");
  database.belongTo("u1-us");
  await (await database.database()).put("outbox", REFUSED);
  outgoing = await import("../src/state/outgoing");
  store = await import("../src/state/store");
  said = [];
  outgoing.speakOver({ say: (frame: DeviceFrame) => said.push(frame) > 0 } as unknown as Link);
  await outgoing.load();
});

const texts = () => store.get().outbox.map(({ text, stage }) => [text, stage.at]);
const kept = async () => (await database.database()).getAll("outbox");

test("what was refused is sent again once, though one presses twice", async () => {
  await Promise.all([outgoing.retry("first"), outgoing.retry("first")]);
  await outgoing.retry("first");

  expect(texts()).toEqual([["Hello", "sending"]]);
  expect(said).toMatchObject([{ type: "send", text: "Hello" }]);
  expect(await kept()).toEqual(store.get().outbox);
});

test("where the browser could not keep it anew it stays as it was, and may be tried once more", async () => {
  const full = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementationOnce(() => {
    throw new DOMException("The disk is full.", "QuotaExceededError");
  });
  await expect(outgoing.retry("first")).rejects.toThrow("The disk is full.");
  expect(full).toHaveBeenCalledOnce();
  expect(texts()).toEqual([["Hello", "refused"]]);

  await outgoing.retry("first");
  expect(texts()).toEqual([["Hello", "sending"]]);
});

test("what is on its way already is not sent again as something new", async () => {
  await outgoing.retry("first");
  const [anew] = store.get().outbox;
  await outgoing.retry(anew?.clientMessageId ?? "");

  expect(store.get().outbox).toEqual([anew]);
  expect(said.length).toBe(1);
});
