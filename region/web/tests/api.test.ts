/** Calls of the API: how they look on the wire, and what becomes of their answers. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";

vi.mock("../src/io/session", () => ({ access: async (refused?: string) => (refused ? "fresh" : "stale") }));
vi.stubGlobal("location", { origin: "https://us.example.org" });
vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => {} });

const { api, got, whenIslanded } = await import("../src/io/api");
const places = await import("../src/io/places");

let asked: Request[] = [];
let answers: Response[] = [];

beforeEach(() => {
  asked = [];
  vi.stubGlobal("fetch", async (url: string, options: RequestInit) => {
    asked.push(new Request(url, options));
    const next = answers.shift();
    if (next === undefined) throw new TypeError("no network");
    return next;
  });
});

afterEach(() => {
  expect(answers).toEqual([]);
});

const json = (body: object, status = 200) => new Response(JSON.stringify(body), { status });

test("what stands in the path and in the query arrives as it is, whatever it is", async () => {
  answers = [json({ reactions: [] }, 201), json({ presences: [] })];
  const path = { message_id: "m1-us", emoji: "👍/?" };
  await got(api.PUT("/messages/{message_id}/reactions/{emoji}", { params: { path } }));
  await got(api.GET("/presence", { params: { query: { user_id: ["u1-us", "u2 & co"] } } }));

  expect(asked.map(({ method, url }) => [method, url])).toEqual([
    ["PUT", "https://us.example.org/messages/m1-us/reactions/%F0%9F%91%8D%2F%3F"],
    ["GET", "https://us.example.org/presence?user_id=u1-us&user_id=u2+%26+co"],
  ]);
});

test("a body is JSON, and an answer without one is nothing", async () => {
  answers = [new Response(null, { status: 204 })];

  expect(await got(api.POST("/reports", { body: { reason: "rude", user_id: "u1-us" } }))).toBeUndefined();
  expect(asked[0]?.headers.get("Content-Type")).toBe("application/json");
  expect(asked[0]?.headers.get("Authorization")).toBe("Bearer stale");
  expect(await asked[0]?.json()).toEqual({ reason: "rude", user_id: "u1-us" });
});

test("a token that has expired is exchanged, and the same asked again, body and all", async () => {
  answers = [json({ code: "invalid-token", status: 401, token_problem: "expired" }, 401), json({ who: "friends" })];

  expect(await got(api.PUT("/settings/writers", { body: { who: "friends" } }))).toEqual({ who: "friends" });
  expect(asked.map((each) => each.headers.get("Authorization"))).toEqual(["Bearer stale", "Bearer fresh"]);
  expect(await asked[1]?.json()).toEqual({ who: "friends" });
});

test("what goes wrong is a problem; without an answer it may have happened", async () => {
  answers = [json({ code: "not-found", status: 404, definite: true, detail: "There is none." }, 404)];
  const one = () => got(api.GET("/users/{user_id}", { params: { path: { user_id: "u1-us" } } }));

  await expect(one()).rejects.toMatchObject({ code: "not-found", status: 404, definite: true });
  await expect(one()).rejects.toMatchObject({ code: "network", status: 0, definite: false });

  answers = [new Response("<html>", { status: 502 })];
  await expect(one()).rejects.toMatchObject({ status: 502, definite: false });
});

test("a region that does not answer is left for another one; only what asks is asked again there by itself", async () => {
  const failing = new Set(["https://us.example.org"]);
  vi.stubGlobal("fetch", async (url: string, options: RequestInit) => {
    asked.push(new Request(url, options));
    if (failing.has(new URL(url).origin)) throw new TypeError("no network");
    return json({ who: "friends" });
  });
  vi.stubGlobal("navigator", { onLine: true });
  places.note([{ region: "eu", public_url: "https://eu.example.org" }]);

  const change = got(api.PUT("/settings/writers", { body: { who: "friends" } }));
  await expect(change).rejects.toMatchObject({ code: "network", definite: false });
  places.goBack();
  expect(await got(api.GET("/settings/writers"))).toEqual({ who: "friends" });

  expect(asked.map(({ method, url }) => `${method} ${new URL(url).hostname}`)).toEqual([
    "PUT us.example.org",
    "GET us.example.org",
    "GET eu.example.org",
  ]);
  expect(places.here()).toBe("https://eu.example.org");
});

const cutOff = () =>
  new Response(
    new ReadableStream({
      start: (body) => body.enqueue(new TextEncoder().encode('{"who": "fri')),
      pull: (body) => body.error(new TypeError("network error")),
    }),
  );

test.each([
  ["is cut off", cutOff],
  ["is somebody else's page", () => new Response("<html>", { status: 200 })],
  ["is a refusal by somebody else", () => new Response("<html>", { status: 401 })],
])("an answer that %s is none: another region is asked, where asking is all", async (_, bad) => {
  vi.stubGlobal("navigator", { onLine: true });
  places.note([{ region: "eu", public_url: "https://eu.example.org" }]);
  places.goBack();
  answers = [bad(), json({ who: "friends" }), bad()];

  expect(await got(api.GET("/settings/writers"))).toEqual({ who: "friends" });
  const change = got(api.PUT("/settings/writers", { body: { who: "friends" } }));
  await expect(change).rejects.toMatchObject({ code: "network", definite: false });

  expect(asked.map(({ method, url }) => `${method} ${new URL(url).hostname}`)).toEqual([
    "GET us.example.org",
    "GET eu.example.org",
    "PUT eu.example.org",
  ]);
});

test("a region that is islanded is told: the owner of what it was about, or else the home", async () => {
  const told: (string | null)[] = [];
  whenIslanded((owner) => told.push(owner));
  const islanded = (url: string) => {
    const answer = json({ code: "islanded", status: 409, definite: true }, 409);
    Object.defineProperty(answer, "url", { value: url });
    return answer;
  };
  vi.stubGlobal("fetch", async (url: string) => islanded(url));
  const params = { path: { group_id: "g5ad1f2-eu" } };
  const joining = got(api.POST("/groups/{group_id}/join", { params, body: { token: "x" } }));
  await expect(joining).rejects.toMatchObject({ code: "islanded" });
  await expect(got(api.POST("/groups", { body: { name: "Travellers" } }))).rejects.toMatchObject({ code: "islanded" });

  expect(told).toEqual(["eu", null]);
});

test("what is answered to who has left meanwhile is nobody's", async () => {
  const { belongTo, letGo } = await import("../src/io/database");
  belongTo("u1-us");
  vi.stubGlobal("fetch", async () => {
    letGo();
    return json({ devices: [] });
  });

  await expect(got(api.GET("/devices"))).rejects.toMatchObject({ status: 401 });
});
