/** Coming in, where the browser keeps nothing: that is said instead of waiting for ever. */

import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, test, vi } from "vitest";
import { type PretendedRegion, pretend } from "./pretending";

const TOKENS = {
  user_id: "u1-us",
  handle: "ada",
  home_region: "us",
  device_id: "v1",
  access_token: "a",
  expires_in: 900,
};

let account: typeof import("../src/state/account");
let store: typeof import("../src/state/store");
let answers: PretendedRegion["answers"];

/** Load the page in a browser that opens no database but those that are called so. */
async function load(opens: (name: string) => boolean): Promise<void> {
  vi.resetModules();
  const factory = new IDBFactory();
  const open = factory.open.bind(factory);
  vi.spyOn(factory, "open").mockImplementation((name, version) => {
    if (!opens(name)) throw new DOMException("A mutation operation was attempted", "InvalidStateError");
    return open(name, version);
  });
  vi.stubGlobal("indexedDB", factory);
  ({ answers } = pretend("us"));
  account = await import("../src/state/account");
  store = await import("../src/state/store");
}

const seen = () => [store.get().phase, store.get().stuck];
const STUCK = ["stuck", "InvalidStateError: A mutation operation was attempted"];

beforeEach(() => load(() => false));

test("a page that finds nothing kept in a browser which keeps things welcomes whoever it is", async () => {
  await load(() => true);
  await account.start();

  expect(seen()).toEqual(["out", null]);
});

test("where no database can be opened, that is what is seen", async () => {
  await account.start();

  expect(seen()).toEqual(STUCK);
});

test.each([
  ["the session", (name: string) => name !== "causeway"],
  ["what belongs to the account", (name: string) => name === "causeway"],
])("so it is for who logs in where %s cannot be kept", async (_, opens) => {
  await load(opens);
  answers["/login"] = () => TOKENS;
  await account.logIn("ada", "correct horse");

  expect(seen()).toEqual(STUCK);
});

test("what the region says is for who wants in, and the way in stays", async () => {
  await load(() => true);
  await account.start();
  answers["/login"] = () => ({ status: 401, code: "wrong-credentials" });

  await expect(account.logIn("ada", "wrong")).rejects.toMatchObject({ code: "wrong-credentials" });
  expect(seen()).toEqual(["out", null]);
});
