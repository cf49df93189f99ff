/** What is not sent yet is counted before it is lost: messages and files, of all tabs, each once. */

import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, test, vi } from "vitest";
import type { Item } from "../src/core/outbox";
import { pretend } from "./pretending";

const message = (name: string) => ({ clientMessageId: name }) as Item;
const file = (key: string) => ({ key, conversationId: "d1-us", name: "sea.png" });

let database: typeof import("../src/io/database");
let store: typeof import("../src/state/store");
let unsent: () => Promise<number>;

beforeEach(async () => {
  vi.resetModules();
  vi.stubGlobal("indexedDB", new IDBFactory());
  pretend("us");
  database = await import("../src/io/database");
  database.belongTo("u1-us");
  store = await import("../src/state/store");
  ({ unsent } = await import("../src/state/unsent"));
});

function here(names: readonly string[], files: readonly string[]): void {
  const stage = { at: "paused", share: 0 } as const;
  store.set({ outbox: names.map(message), files: { "d1-us": files.map((key) => ({ ...file(key), stage })) } });
}

test("nothing is lost where there is nothing", async () => {
  expect(await unsent()).toBe(0);
});

test("what other tabs have is counted besides what is here, and what is both here and kept once", async () => {
  const kept = await database.database();
  for (const name of ["both", "another tab's"]) await kept.put("outbox", message(name));
  for (const key of ["a file of both", "another tab's file"])
    await kept.put("files", { ...file(key), at: 1, paused: false, blobId: null });
  here(["both", "only here"], ["a file of both", "a file without room"]);

  expect(await unsent()).toBe(6);
});

test("where the browser keeps nothing, what this tab has is counted", async () => {
  here(["only here"], ["a file"]);
  vi.spyOn(indexedDB, "open").mockImplementation(() => {
    throw new DOMException("The disk is broken.", "UnknownError");
  });

  expect(await unsent()).toBe(2);
});
