/** The connection: one at a time, however often somebody is in a hurry, and each outlived by nothing that belonged to it. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Standing } from "../src/io/link";

const US = "https://us.example.org";
const EU = "https://eu.example.org";

let tokens: { give(token: string): void; fail(error: unknown): void }[];
vi.mock("../src/io/session", () => ({
  access: () => new Promise((give, fail) => tokens.push({ give, fail })),
}));

class Socket {
  static readonly OPEN = 1;
  static all: Socket[] = [];
  readyState = Socket.OPEN;
  sent: string[] = [];
  onopen: () => void = () => {};
  onmessage: (event: { data: string }) => void = () => {};
  onclose: (event: { code: number }) => void = () => {};
  constructor(readonly url: string) {
    Socket.all.push(this);
  }
  send(data: string): void {
    this.sent.push(data);
  }
  close(): void {
    this.readyState = 3;
  }
  welcome(region: string): void {
    this.onopen();
    this.onmessage({ data: JSON.stringify({ type: "welcome", region }) });
  }
  end(code: number): void {
    this.close();
    this.onclose({ code });
  }
}

let standings: Standing[];
let link: InstanceType<typeof import("../src/io/link").Link>;
let places: typeof import("../src/io/places");
const at = () => standings.at(-1)?.at;
const settled = () => vi.advanceTimersByTimeAsync(0);

beforeEach(async () => {
  vi.useFakeTimers();
  vi.resetModules();
  tokens = [];
  standings = [];
  Socket.all = [];
  vi.stubGlobal("WebSocket", Socket);
  vi.stubGlobal("location", { origin: US });
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => {} });
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("document", { visibilityState: "visible", addEventListener() {}, removeEventListener() {} });
  vi.stubGlobal("addEventListener", () => {});
  vi.stubGlobal("removeEventListener", () => {});
  places = await import("../src/io/places");
  const { Link } = await import("../src/io/link");
  link = new Link({
    frame: () => {},
    standing: (standing) => standings.push(standing),
    hello: () => ({ type: "hello", resume: null, held: null }),
  });
});

afterEach(() => {
  link.stop();
  vi.useRealTimers();
});

test("who is in a hurry while a token is fetched starts nothing twice", async () => {
  link.start();
  link.hurry();
  link.hurry();
  expect(tokens).toHaveLength(1);

  tokens[0]?.give("t1");
  await settled();
  Socket.all[0]?.welcome("us");
  link.hurry();
  await settled();

  expect([Socket.all.length, at()]).toEqual([1, "online"]);
  expect(link.say({ type: "ping", nonce: "" })).toBe(true);
});

test("what was begun before it was stopped comes to nothing, and does not stand in the way of what follows", async () => {
  link.start();
  link.stop();
  link.start();
  expect(tokens).toHaveLength(2);

  tokens[0]?.give("somebody else's");
  tokens[1]?.give("t2");
  await settled();

  expect(Socket.all.map(({ url }) => new URL(url).searchParams.get("access_token"))).toEqual(["t2"]);
});

test("a hurry does not leave the timer of the countdown behind", async () => {
  link.start();
  tokens[0]?.fail(new TypeError("no network"));
  await settled();
  expect(at()).toBe("waiting");

  link.hurry();
  tokens[1]?.give("t1");
  await settled();
  Socket.all[0]?.welcome("us");
  await vi.advanceTimersByTimeAsync(10_000);

  expect([tokens.length, Socket.all.length, at()]).toEqual([2, 1, "online"]);
});

test("a connection that was given up is not listened to any more", async () => {
  link.start();
  tokens[0]?.give("t1");
  await vi.advanceTimersByTimeAsync(13_000); // it says nothing
  expect(at()).toBe("waiting");
  Socket.all[0]?.welcome("us");

  expect(at()).toBe("waiting");
});

test("whoever is connected is told over which region, wherever the home is", async () => {
  places.note([
    { region: "us", public_url: US },
    { region: "eu", public_url: EU },
  ]);
  places.goElsewhere();
  link.start();
  tokens[0]?.give("t1");
  await settled();
  Socket.all[0]?.welcome("us");

  expect(standings.at(-1)).toEqual({ at: "online", place: EU });
});

test("whether home serves again concerns the connection that asked, not the one that came after it", async () => {
  places.note([
    { region: "us", public_url: US },
    { region: "eu", public_url: EU },
  ]);
  places.goElsewhere();
  let serves: (answer: object) => void = () => {};
  vi.stubGlobal("fetch", () => new Promise((resolve) => (serves = resolve)));
  link.start();
  tokens[0]?.give("t1");
  await settled();
  Socket.all[0]?.welcome("eu");
  for (let seconds = 0; seconds < 60; seconds += 10) {
    await vi.advanceTimersByTimeAsync(10_000);
    Socket.all[0]?.onmessage({ data: JSON.stringify({ type: "pong", nonce: "" }) });
  }
  tokens[1]?.give("t1");
  await settled();

  Socket.all[0]?.end(1006);
  link.hurry();
  tokens[2]?.give("t1");
  await settled();
  Socket.all[1]?.welcome("eu");
  serves({ ok: true });
  await settled();

  expect(Socket.all[1]?.readyState).toBe(Socket.OPEN);
  expect(places.here()).toBe(EU);
});
