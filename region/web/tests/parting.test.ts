/** A page serves one account: what is still under way when that leaves comes to nobody else, in this tab, in another one, or in one that was frozen. */

import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, test, vi } from "vitest";
import type { Message } from "../src/core/types";
import { insteadOfForgetting, type PretendedRegion, pretend, pretendStorage } from "./pretending";

const TALK = "g1-us";
const ADA = {
  user_id: "u1-us",
  handle: "ada",
  display_name: "Ada",
  home_region: "us",
  device_id: "",
  access_token: "a1",
  refresh_token: "r1",
  expires_in: 900,
};
const BORIS = { ...ADA, user_id: "u2-us", handle: "boris", access_token: "a2", refresh_token: "r2" };
const TEXT = { conversationId: TALK, recipientId: null, text: "Only Ada's", replyTo: null, attachments: [] };
const PATIENCE = { timeout: 30_000 };

interface Page {
  account: typeof import("../src/state/account");
  store: typeof import("../src/state/store");
  outgoing: typeof import("../src/state/outgoing");
  session: typeof import("../src/io/session");
  database: typeof import("../src/io/database");
  drafts: typeof import("../src/io/drafts");
  drafting: typeof import("../src/state/drafts");
  api: typeof import("../src/io/api");
  history: typeof import("../src/state/history");
}

let region: PretendedRegion;
let kept: Map<string, string>;
let reloads: number;
let browsers = 0;

/** Open a page of this browser: nothing that another one has in memory is in it, all that is kept is. */
async function open(): Promise<Page> {
  vi.resetModules();
  const page = {
    account: await import("../src/state/account"),
    store: await import("../src/state/store"),
    outgoing: await import("../src/state/outgoing"),
    session: await import("../src/io/session"),
    database: await import("../src/io/database"),
    drafts: await import("../src/io/drafts"),
    drafting: await import("../src/state/drafts"),
    api: await import("../src/io/api"),
    history: await import("../src/state/history"),
  };
  await page.account.start();
  return page;
}

/** All that is kept for an account, and what stands in the page. */
async function seen({ store, database }: Page) {
  const { outbox, drafts, timelines, inbox } = store.get();
  const texts = (await (await database.database()).getAll("outbox")).map(({ text }) => text);
  return {
    outbox: outbox.map(({ text }) => text),
    drafts,
    talks: [...Object.keys(timelines), ...Object.keys(inbox)],
    texts,
  };
}
const NOTHING = { outbox: [], drafts: {}, talks: [], texts: [] };

beforeEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.stubGlobal("indexedDB", new IDBFactory());
  region = pretend("us");
  kept = new Map();
  pretendStorage(kept);
  reloads = 0;
  browsers++; // the pages of other tests hear what is told of theirs
  ADA.device_id = `ada-${browsers}`;
  BORIS.device_id = `boris-${browsers}`;
  vi.stubGlobal("location", { origin: "https://us.example.org", reload: () => reloads++, replace: () => reloads++ });
  const parted = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    getItem: (name: string) => parted.get(name) ?? null,
    setItem: (name: string, value: string) => parted.set(name, value),
    removeItem: (name: string) => parted.delete(name),
  });
  vi.stubGlobal("addEventListener", () => {});
  vi.stubGlobal("removeEventListener", () => {});
  vi.stubGlobal("document", { visibilityState: "visible", addEventListener: () => {}, removeEventListener: () => {} });
  vi.stubGlobal(
    "WebSocket",
    class {
      close() {}
    },
  );
  region.answers["/login"] = () => ADA;
  region.answers["/logout"] = () => ({});
});

/** Let time pass in the midst of work, until something has come about. */
async function passing(work: () => Promise<void>, check: () => void): Promise<void> {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const working = work();
  await vi.waitFor(async () => {
    await vi.advanceTimersByTimeAsync(10_000);
    check();
  }, PATIENCE);
  vi.useRealTimers();
  await working;
}

/** Let Boris come in, in a page of his own: the next one of a tab, or another tab. */
async function boris(): Promise<Page> {
  region.answers["/login"] = () => BORIS;
  const page = await open();
  await page.account.logIn("boris", "correct horse");
  expect(page.store.get().me?.handle).toBe("boris");
  return page;
}

test("the page in which somebody has left lets nobody else in: it is loaded anew, and nothing that was under way is in the next one", async () => {
  const page = await open();
  await page.account.logIn("ada", "correct horse");
  const writing = page.outgoing.write(TEXT).catch(() => {});
  await page.account.logOut();
  await writing;
  page.store.set({ drafts: { [TALK]: "Only Ada's" } }); // whatever comes late
  region.answers["/login"] = () => BORIS;
  await page.account.logIn("boris", "correct horse").catch(() => {});

  const { phase, me, outbox, drafts } = page.store.get();
  expect(phase === "in" && { me, outbox, drafts }).toBe(false);
  expect(page.session.whoami()).toBeNull();
  expect(reloads).toBe(1);
  expect(await seen(await boris())).toEqual(NOTHING);
});

test("what is written a moment after its author has left goes nowhere: no message, no draft, no request", async () => {
  const page = await open();
  await page.account.logIn("ada", "correct horse");
  await page.account.logOut();
  const other = await boris();
  const asked = region.asked.length;

  await expect(page.outgoing.write(TEXT)).rejects.toThrow("has left");
  page.drafting.keepDraft(TALK, "Only Ada's");
  page.history.keep(TALK);
  await expect(page.api.got(page.api.api.GET("/devices"))).rejects.toMatchObject({ status: 401 });
  await vi.waitFor(async () => expect(await seen(other)).toEqual(NOTHING), PATIENCE);
  expect(region.asked.length).toBe(asked);
  expect([...kept].filter(([, value]) => value.includes("Only Ada's"))).toEqual([]);
  expect((await indexedDB.databases()).map(({ name }) => name)).not.toContain("causeway.u1-us");
});

test("a tab that was frozen while another one logged out and in as somebody else writes nothing when it goes on", async () => {
  vi.stubGlobal("BroadcastChannel", undefined); // nothing wakes it: it finds out by itself
  const frozen = await open();
  await frozen.account.logIn("ada", "correct horse");
  const page = await open();
  insteadOfForgetting(() => new IDBOpenDBRequest()); // as a frozen tab holds it up
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const leaving = page.account.logOut();
  await vi.waitFor(async () => {
    await vi.advanceTimersByTimeAsync(10_000);
    expect(reloads).toBe(1);
  }, PATIENCE);
  vi.useRealTimers();
  await leaving;
  const other = await boris();

  frozen.drafting.keepDraft(TALK, "Only Ada's");
  await expect(frozen.outgoing.write(TEXT)).rejects.toThrow("has left");
  await expect(frozen.session.access()).rejects.toMatchObject({ status: 401 });
  expect([...kept].filter(([, value]) => value.includes("Only Ada's"))).toEqual([]);
  expect(await seen(other)).toEqual(NOTHING);
  expect(frozen.store.get()).toMatchObject({ phase: "leaving", me: null });
  expect(reloads).toBe(2);
});

test("a token that is exchanged while another tab logs out and in as somebody else does not take that one's place", async () => {
  const ada = await open();
  await ada.account.logIn("ada", "correct horse");
  let answered: ((tokens: object) => void) | null = null;
  const other = globalThis.fetch;
  vi.stubGlobal("fetch", async (address: string) => {
    if (!address.endsWith("/token")) return other(address);
    return Response.json(await new Promise<object>((resolve) => (answered = resolve)));
  });
  const asking = ada.session.access("a1").catch(() => {});
  await vi.waitFor(() => expect(answered).not.toBeNull(), PATIENCE);
  await (await ada.database.vault()).clear("single"); // as another tab does that logs out, and was heard by nobody yet
  await boris();
  (answered as unknown as (tokens: object) => void)({ ...ADA, access_token: "a9" });
  await asking;

  expect((await open()).session.whoami()?.handle).toBe("boris");
});

test("a session that somebody has left is not taken up again, though the page in which they left did not come to its end", async () => {
  const page = await open();
  await page.account.logIn("ada", "correct horse");
  await page.outgoing.write(TEXT);
  let stopped = (_: Error) => {};
  const asked = vi.fn(() => new Promise<Response>((_, reject) => (stopped = reject)));
  vi.stubGlobal("fetch", asked);
  const leaving = page.account.logOut();
  await vi.waitFor(() => expect(asked).toHaveBeenCalled(), PATIENCE);
  const next = await open();

  expect(next.store.get()).toMatchObject({ phase: "out", me: null });
  await vi.waitFor(
    async () => expect((await indexedDB.databases()).map(({ name }) => name)).toEqual(["causeway"]),
    PATIENCE,
  );
  stopped(new TypeError("the page is closed here"));
  await leaving;
});

test("whoever logs in again while a tab that sleeps holds up what was kept of them is told so, and comes in when it is closed", async () => {
  const page = await open();
  await page.account.logIn("ada", "correct horse");
  const sleeping = indexedDB.open("causeway.u1-us"); // it hears of nothing
  await new Promise((resolve) => sleeping.addEventListener("success", resolve));
  await passing(page.account.logOut, () => expect(reloads).toBe(1));
  ADA.device_id += "-anew";
  const next = await open();
  await passing(
    () => next.account.logIn("ada", "correct horse"),
    () => expect(next.store.get().phase).toBe("stuck"),
  );

  expect(next.store.get().stuck).toEqual({ kind: "storage", reason: expect.stringContaining("Another tab") });
  sleeping.result.close();
  expect((await open()).store.get()).toMatchObject({ phase: "in", me: { device_id: ADA.device_id } });
});

test("whoever leaves while the page still begins is not let in by it", async () => {
  const first = await open();
  await first.account.logIn("ada", "correct horse");
  let read = (_: Message[]) => {};
  const page = await open();
  const slow = vi
    .spyOn(page.history, "loadKept")
    .mockImplementation(() => new Promise((resolve) => (read = () => resolve())));
  page.store.set({ phase: "starting" });
  const starting = page.account.start();
  await vi.waitFor(() => expect(slow).toHaveBeenCalled(), PATIENCE);
  await page.account.logOut();
  read([]);
  await starting;

  expect(page.store.get().phase).toBe("leaving");
});

test.each([
  ["reused", true],
  ["expired", true],
  ["password-changed", true],
  ["revoked", false], // as somebody wanted it, from another device of theirs
])(
  "what was written by whom the region has logged out (%s) is theirs when they come in again: %s, and nobody else's",
  async (why, stays) => {
    const page = await open();
    await page.account.logIn("ada", "correct horse");
    await page.outgoing.write(TEXT);
    page.drafting.keepDraft(TALK, "Only Ada's");
    region.answers["/token"] = () => ({ status: 401, code: "invalid-token", token_problem: why });
    await expect(page.session.access("a1")).rejects.toMatchObject({ tokenProblem: why });
    const next = await open();

    expect(next.store.get()).toMatchObject({ phase: "out", ended: why, notice: null });
    expect(await (await next.database.vault()).getAllKeys("single")).toEqual([]);
    const other = await boris();
    expect(await seen(other)).toEqual(NOTHING);
    await other.account.logOut();
    ADA.device_id += "-anew";
    region.answers["/login"] = () => ADA;
    const again = await open();
    await again.account.logIn("ada", "correct horse");
    const theirs = { outbox: [TEXT.text], drafts: { [TALK]: "Only Ada's" }, texts: [TEXT.text] };
    expect(await seen(again)).toMatchObject(stays ? theirs : NOTHING);
  },
);

test.each([
  ["expired", [TEXT.text]],
  ["logged-out", []],
])(
  "a page that was closed while it ended (%s) is brought to its end by the next one, which keeps %o",
  async (why, stays) => {
    const page = await open();
    await page.account.logIn("ada", "correct horse");
    await page.outgoing.write(TEXT);
    (await import("../src/io/tabs")).tellLeaving(ADA.device_id, why); // so far it came
    const next = await open();

    expect(next.store.get().phase).toBe("out");
    expect(await (await next.database.vault()).getAllKeys("single")).toEqual([]);
    ADA.device_id += "-anew";
    const again = await open();
    await again.account.logIn("ada", "correct horse");
    expect((await seen(again)).outbox).toEqual(stays);
  },
);

test("why one was logged out, and what could not be thrown away, is said by the page that comes", async () => {
  const page = await open();
  await page.account.logIn("ada", "correct horse");
  region.answers["/token"] = () => ({ status: 401, code: "invalid-token", token_problem: "revoked" });
  insteadOfForgetting(() => {
    throw new DOMException("The disk is broken.", "UnknownError");
  });
  await expect(page.session.access("a1")).rejects.toMatchObject({ tokenProblem: "revoked" });
  const next = await open();

  expect(next.store.get()).toMatchObject({ phase: "out", ended: "revoked" });
  await vi.waitFor(() => expect(next.store.get().notice).toContain("did not let go"), PATIENCE);
  expect((await open()).store.get()).toMatchObject({ ended: null, notice: null });
});
