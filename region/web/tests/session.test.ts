/** Who is logged in: tokens at rest are sealed, exchanged once however many ask, and gone when the device was logged out. */

import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Item } from "../src/core/outbox";
import type { Tokens } from "../src/core/types";
import { insteadOfForgetting } from "./pretending";

const PATIENCE = { timeout: 30_000 };

type SessionModule = typeof import("../src/io/session");

const TOKENS = {
  user_id: "u1-us",
  handle: "ada",
  display_name: "Ada",
  home_region: "us",
  device_id: "v1",
  access_token: "access-1",
  refresh_token: "refresh-1",
  expires_in: 900,
  token_type: "Bearer",
};

let session: SessionModule;
let asked: string[];
let answer: (path: string) => { status: number; body: object };

/** Load the page anew: what modules hold is gone, what the browser keeps is not. */
async function load(): Promise<void> {
  vi.resetModules();
  session = await import("../src/io/session");
}

/** What a browser keeps in which nobody is logged in: its databases, and what is in the one where a session rests. */
async function left(): Promise<unknown> {
  const rests = await (await (await import("../src/io/database")).vault()).getAllKeys("single");
  return { databases: (await indexedDB.databases()).map(({ name }) => name), rests };
}
const NO_SESSION = { databases: ["causeway"], rests: [] };

beforeEach(async () => {
  asked = [];
  answer = () => ({ status: 201, body: TOKENS });
  const kept = new Map<string, string>();
  vi.stubGlobal("indexedDB", new IDBFactory());
  vi.stubGlobal("location", { origin: "https://us.example.org" });
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => kept.get(name) ?? null,
    removeItem: () => {},
    setItem: vi.fn(),
  });
  vi.stubGlobal("fetch", async (url: string) => {
    const path = new URL(url).pathname;
    asked.push(path);
    const { status, body } = answer(path);
    return new Response(JSON.stringify(body), { status });
  });
  await load();
});

afterEach(async () => {
  await session.logOut();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test("a session outlives the page", async () => {
  await session.register("ada", "correct horse", "Ada");
  await load();

  expect(session.whoami()).toBeNull();
  expect(await session.restore()).toEqual(TOKENS);
  expect(await session.access()).toBe("access-1");
});

test("a registration whose answer was lost is the same one when it is wanted again, and another one is not", async () => {
  const keys: unknown[] = [];
  let lost = true;
  vi.stubGlobal("fetch", async (_: string, asked: RequestInit) => {
    keys.push((asked.headers as Record<string, string>)["Idempotency-Key"]);
    if (lost) throw new TypeError("network");
    return new Response(JSON.stringify(TOKENS), { status: 201 });
  });

  await expect(session.register("ada", "correct horse", "Ada")).rejects.toThrow();
  await expect(session.register("ada", "another horse", "Ada")).rejects.toThrow();
  await expect(session.register("ada", "correct horse", "Ada")).rejects.toThrow();
  lost = false;
  await session.register("ada", "correct horse", "Ada");

  const [first, other, again, last] = keys;
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  expect(other).not.toBe(first);
  expect(again).toBe(last);
});

test("a registration whose answer was lost is repeated where it was begun: to another region it would be somebody else's", async () => {
  const places = await import("../src/io/places");
  places.note([{ region: "eu", public_url: "https://eu.example.org" }]);
  const seen: string[] = [];
  let lost = 3;
  vi.stubGlobal("fetch", async (url: string, { headers }: RequestInit) => {
    seen.push(`${new URL(url).host} ${new Headers(headers).get("Idempotency-Key")}`);
    if (lost-- > 0) throw new TypeError("network");
    return new Response(JSON.stringify(TOKENS), { status: 201 });
  });

  await expect(session.register("ada", "correct horse", "Ada")).rejects.toMatchObject({ code: "network" });
  expect(seen.length).toBe(places.count());
  places.goElsewhere(); // as whoever wanted to log in meanwhile
  expect((await session.register("ada", "correct horse", "Ada L.")).handle).toBe("ada"); // who is called so later, in the settings

  expect(new Set(seen).size).toBe(1);
  expect(seen[0]).toMatch(/^us\.example\.org [0-9a-f]{32}$/);
});

test("who wants another password registers anew, at whichever region is asked by then", async () => {
  const places = await import("../src/io/places");
  places.note([{ region: "eu", public_url: "https://eu.example.org" }]);
  const seen: (string | null)[][] = [];
  vi.stubGlobal("fetch", async (url: string, { headers }: RequestInit) => {
    seen.push([new URL(url).host, new Headers(headers).get("Idempotency-Key")]);
    if (seen.length < 3) throw new TypeError("network");
    return new Response(JSON.stringify(TOKENS), { status: 201 });
  });

  await expect(session.register("ada", "correct horse", "Ada")).rejects.toThrow();
  places.goElsewhere();
  await session.register("ada", "another horse", "Ada");

  const [first, , last] = seen;
  expect([first?.[0], last?.[0]]).toEqual(["us.example.org", "eu.example.org"]);
  expect(last?.[1]).not.toBe(first?.[1]);
});

test("what rests in the browser does not show the tokens, and its key cannot be read out", async () => {
  await session.register("ada", "correct horse", "Ada");
  const { vault } = await import("../src/io/database");
  const kept = await vault();
  const sealed = (await kept.get("single", "session")) as { data: ArrayBuffer };
  const key = (await kept.get("single", "key")) as CryptoKey;

  expect(new TextDecoder().decode(sealed.data)).not.toContain("refresh-1");
  expect(key.extractable).toBe(false);
  await expect(crypto.subtle.exportKey("raw", key)).rejects.toThrow();
});

test("a token that is about to end is exchanged once, however many want it", async () => {
  answer = () => ({ status: 201, body: { ...TOKENS, expires_in: 0 } });
  await session.register("ada", "correct horse", "Ada");
  answer = () => ({ status: 200, body: { ...TOKENS, access_token: "access-2", refresh_token: "refresh-2" } });

  expect(await Promise.all([session.access(), session.access(), session.access()])).toEqual(Array(3).fill("access-2"));
  expect(asked).toEqual(["/register", "/token"]);
});

test("a session that the browser has thrown away under an open page rests there again when it goes on", async () => {
  await session.register("ada", "correct horse", "Ada");
  await (await (await import("../src/io/database")).vault()).clear("single");
  answer = () => ({ status: 200, body: { ...TOKENS, access_token: "access-2", refresh_token: "refresh-2" } });
  await session.access("access-1");
  await load();

  expect((await session.restore())?.access_token).toBe("access-2");
});

test("a session that has gone on does not rest again where its device was logged out meanwhile", async () => {
  await session.register("ada", "correct horse", "Ada");
  const { vault } = await import("../src/io/database");
  const { reseal } = await import("../src/io/vault");
  await (await vault()).clear("single");
  (await import("../src/io/tabs")).tellLeaving("v1", "logged-out");
  await reseal({ tokens: TOKENS as Tokens, expiresAt: Date.now() + 900_000 });

  expect(await (await vault()).getAllKeys("single")).toEqual([]);
});

test("a token that was turned away is exchanged, though it looks good", async () => {
  await session.register("ada", "correct horse", "Ada");
  answer = () => ({ status: 200, body: { ...TOKENS, access_token: "access-2", refresh_token: "refresh-2" } });

  expect(await session.access("access-1")).toBe("access-2");
  expect(await session.access("access-1")).toBe("access-2");
  expect(asked).toEqual(["/register", "/token"]);
});

test("a device that was logged out keeps nothing, and says why", async () => {
  const told: string[] = [];
  session.whenEnded((why) => told.push(why));
  await session.register("ada", "correct horse", "Ada");
  const problem = { code: "invalid-token", status: 401, definite: true, detail: "", token_problem: "revoked" };
  answer = () => ({ status: 401, body: problem });

  await expect(session.access("access-1")).rejects.toMatchObject({ tokenProblem: "revoked" });

  expect(told).toEqual(["revoked"]);
  await load();
  expect(await session.restore()).toBeNull();
});

test("whoever wants to leave leaves nothing, though the region has logged the device out already", async () => {
  answer = () => ({ status: 201, body: { ...TOKENS, expires_in: 0 } });
  await session.register("ada", "correct horse", "Ada");
  await (await import("../src/io/database")).keepInbox([]);
  const told: string[] = [];
  session.whenLeft((why, whole) => told.push(`${why} ${whole}`));
  answer = () => ({ status: 401, body: { code: "invalid-token", status: 401, token_problem: "expired" } });
  await session.logOut();

  expect(told).toEqual(["logged-out true"]);
  expect(await left()).toEqual(NO_SESSION);
});

test("a region that does not answer logs nobody out", async () => {
  await session.register("ada", "correct horse", "Ada");
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));

  await expect(session.access("access-1")).rejects.toMatchObject({ code: "network", definite: false });
  expect(session.whoami()).toEqual(TOKENS);
});

test("a region that is frozen keeps nobody from logging out: another one is told", async () => {
  await session.register("ada", "correct horse", "Ada");
  (await import("../src/io/places")).note([{ region: "eu", public_url: "https://eu.example.org" }]);
  vi.spyOn(AbortSignal, "timeout").mockImplementation(() => {
    const patience = new AbortController();
    setTimeout(() => patience.abort(), 0);
    return patience.signal;
  });
  const told: string[] = [];
  vi.stubGlobal("fetch", async (url: string, { method, headers, signal }: RequestInit) => {
    told.push(`${method} ${url} ${new Headers(headers).get("Authorization")}`);
    if (url.startsWith("https://eu.")) return new Response(null, { status: 204 });
    return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  });
  await session.logOut();

  expect(told).toEqual(["us", "eu"].map((region) => `POST https://${region}.example.org/logout Bearer access-1`));
  expect(session.whoami()).toBeNull();
});

test("where nobody answers at all, the device is forgotten here after a while; what is answered later brings nothing back", async () => {
  answer = () => ({ status: 201, body: { ...TOKENS, expires_in: 0 } });
  await session.register("ada", "correct horse", "Ada");
  let late = (_: Response) => {};
  vi.stubGlobal("fetch", () => new Promise<Response>((resolve) => (late = resolve)));
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const leaving = session.logOut();
  await vi.advanceTimersByTimeAsync(60_000);
  vi.useRealTimers();
  await leaving;
  late(new Response(JSON.stringify({ ...TOKENS, access_token: "access-2" })));
  await load();

  expect(await session.restore()).toBeNull();
});

test("a browser that does not let go of what it keeps is told of, and the device is logged out all the same", async () => {
  const told: string[] = [];
  session.whenEnded((why) => told.push(why));
  session.whenLeft((why, whole) => told.push(`${why} ${whole}`));
  await session.register("ada", "correct horse", "Ada");
  insteadOfForgetting(() => {
    throw new DOMException("The disk is broken.", "UnknownError");
  });
  await session.logOut();

  expect(told).toEqual(["logged-out", "logged-out false"]);
  expect(session.whoami()).toBeNull();
  await load();
  expect(await session.restore()).toBeNull();
});

test("nor does a tab that holds on to it keep anybody from logging out", async () => {
  const told: string[] = [];
  session.whenEnded((why) => told.push(why));
  session.whenLeft((why, whole) => told.push(`${why} ${whole}`));
  await session.register("ada", "correct horse", "Ada");
  insteadOfForgetting(() => new IDBOpenDBRequest());
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const leaving = session.logOut();
  await vi.waitFor(async () => {
    await vi.advanceTimersByTimeAsync(10_000);
    expect(told).toEqual(["logged-out", "logged-out false"]);
  }, PATIENCE);
  vi.useRealTimers();
  await leaving;
});

test("before anything is thrown away whoever writes is told to stop, and what is late brings nothing back", async () => {
  const { database } = await import("../src/io/database");
  const { keepInbox } = await import("../src/io/database");
  const { writeDraft } = await import("../src/io/drafts");
  await session.register("ada", "correct horse", "Ada");
  await keepInbox([]);
  const happened: string[] = [];
  session.whenEnded(() => happened.push("stop"));
  const deleteDatabase = indexedDB.deleteDatabase.bind(indexedDB);
  vi.spyOn(indexedDB, "deleteDatabase").mockImplementation((name) => {
    happened.push(name);
    return deleteDatabase(name);
  });
  const leaving = session.logOut();
  await vi.waitFor(() => expect(happened).toContain("stop"), PATIENCE);
  await expect(keepInbox([])).rejects.toThrow("has left");
  writeDraft("d1-us", "half a th");
  await leaving;

  expect(happened).toEqual(["stop", "causeway.images.u1-us", "causeway.u1-us"]);
  await expect(database()).rejects.toThrow("has left");
  expect(await left()).toEqual(NO_SESSION);
  const written = vi.mocked(localStorage.setItem).mock.calls;
  expect(new Set(written.map(([name, value]) => `${name} ${value}`))).toEqual(new Set(['causeway.left ["v1"]']));
});

test("who comes next does so in another page, and keeps what is theirs while what was here before is thrown away", async () => {
  await session.register("ada", "correct horse", "Ada");
  const leaving = session.logOut();
  answer = () => ({ status: 201, body: { ...TOKENS, user_id: "u2-us", handle: "boris", device_id: "v2" } });
  await vi.waitFor(() => expect(session.whoami()).toBeNull(), PATIENCE);
  await expect(session.logIn("boris", "correct horse")).rejects.toMatchObject({ status: 401 });
  expect(asked).not.toContain("/login");
  const before = session;
  await load();
  await session.logIn("boris", "correct horse");
  await leaving;
  await load();

  expect(before.whoami()).toBeNull();
  expect((await session.restore())?.handle).toBe("boris");
});

describe("another tab of this browser", () => {
  const BORIS = {
    ...TOKENS,
    user_id: "u2-us",
    handle: "boris",
    device_id: "v2",
    access_token: "access-9",
    refresh_token: "refresh-9",
  };
  const UNSENT = { clientMessageId: "c1" } as Item;
  let ada: SessionModule;
  let adas: typeof import("../src/io/database");
  let told: string[];

  beforeEach(async () => {
    told = [];
    ada = session;
    ada.whenEnded((why) => told.push(why));
    await ada.register("ada", "correct horse", "Ada");
    adas = await import("../src/io/database");
    await (await adas.database()).put("outbox", UNSENT);
    await load();
  });

  async function borisLogsIn(): Promise<void> {
    answer = () => ({ status: 201, body: BORIS });
    await session.logIn("boris", "correct horse");
  }

  test("that logs in as somebody else ends the session here, and finds nothing of it", async () => {
    await borisLogsIn();
    const kept = await (await import("../src/io/database")).database();
    expect(await kept.getAll("outbox")).toEqual([]);

    await expect(ada.access("access-1")).rejects.toMatchObject({ status: 401 });
    expect([told, ada.whoami(), session.whoami()?.handle]).toEqual([["logged-out"], null, "boris"]);
    expect(asked).toEqual(["/register", "/login"]);

    answer = () => ({ status: 201, body: { ...TOKENS, device_id: "v3" } });
    await load();
    await session.logIn("ada", "correct horse");
    expect(await (await (await import("../src/io/database")).database()).getAll("outbox")).toEqual([UNSENT]);
  });

  test("that is somebody else's stays logged in when this one logs out", async () => {
    await borisLogsIn();
    await ada.logOut();
    await load();

    expect((await session.restore())?.handle).toBe("boris");
  });

  test("that logs out ends the session here, too", async () => {
    await session.restore();
    await session.logOut();

    await vi.waitFor(() => expect(told).toEqual(["logged-out"]), PATIENCE);
    expect(ada.whoami()).toBeNull();
  });

  test("that finds out why the device is logged out tells this one, too", async () => {
    const ended = vi.fn();
    ada.whenLeft(ended);
    await session.restore();
    answer = () => ({ status: 401, body: { code: "invalid-token", status: 401, token_problem: "password-changed" } });
    await expect(session.access("access-1")).rejects.toMatchObject({ status: 401 });

    await vi.waitFor(() => expect(told).toEqual(["password-changed"]), PATIENCE);
    expect(ended).toHaveBeenCalledExactlyOnceWith("password-changed", true);
  });

  test("that logs out says so, and this one lets go and writes nothing more, though the browser does not ask it to", async () => {
    await session.restore();
    vi.spyOn(indexedDB, "deleteDatabase").mockImplementation(() => {
      throw new DOMException("The disk is broken.", "UnknownError");
    });
    await session.logOut();

    await vi.waitFor(() => expect(told).toEqual(["logged-out"]), PATIENCE);
    await expect(adas.database()).rejects.toThrow("has left");
  });

  test("whose browser has no way to say so is noticed by what is thrown away; and nothing of it comes back", async () => {
    vi.stubGlobal("BroadcastChannel", undefined);
    await load();
    await session.restore();
    await session.logOut();

    await vi.waitFor(() => expect(told).toEqual(["logged-out"]), PATIENCE);
    await expect(adas.keepInbox([])).rejects.toThrow("has left");
    expect(await left()).toEqual(NO_SESSION);
  });

  test("that holds on to the account's database lets go of it when another one logs out", async () => {
    const held = (await adas.database()).transaction("outbox", "readwrite");
    const put = held.store.put(UNSENT);
    await session.restore();
    const ended = vi.fn();
    session.whenLeft(ended);
    await session.logOut();
    await put;

    expect(ended).toHaveBeenCalledExactlyOnceWith("logged-out", true);
    expect(await left()).toEqual(NO_SESSION);
  });
});
