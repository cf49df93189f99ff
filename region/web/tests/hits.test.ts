/** What is asked for is what was wished; more of what was found belongs to what was searched for. */

import { afterEach, expect, test, vi } from "vitest";
import { type Found, type Narrowed, narrowness, WIDE, wanted, wantedNext, withPage } from "../src/core/hits";

const FOUND: Found<string> = { query: "pier", narrowed: WIDE, hits: ["a"], next: "1", incomplete: 0, wrong: null };

test("one more page stands below what is there", () => {
  expect(withPage(FOUND, FOUND, { hits: ["b"], next: null })).toEqual({ ...FOUND, hits: ["a", "b"], next: null });
});

test("an answer to what was searched for before changes nothing, whether it is good or not", () => {
  const since = { ...FOUND, hits: ["c"] };

  expect(withPage(since, FOUND, { hits: ["b"], next: null })).toBe(since);
  expect(withPage(since, FOUND, { wrong: "no network" })).toBe(since);
  expect(withPage(null, FOUND, { hits: ["b"], next: null })).toBeNull();
});

test("what went wrong is said until it goes well, and what was found stays", () => {
  const failed = withPage(FOUND, FOUND, { wrong: "no network" }) as Found<string>;
  expect(failed).toEqual({ ...FOUND, wrong: "no network" });

  expect(withPage(failed, failed, { hits: ["b"], next: null })?.wrong).toBeNull();
});

afterEach(() => vi.unstubAllEnvs());

test("a search that is not narrowed asks for its words alone", () => {
  expect(wanted("pier", WIDE, null)).toEqual({ query: "pier" });
  expect(wanted("pier", WIDE, "7")).toEqual({ query: "pier", cursor: "7" });
  expect(narrowness(WIDE)).toBe(0);
});

test("more is asked of what was found, whatever has been typed or chosen since", () => {
  const narrowed: Narrowed = { ...WIDE, kind: "image" };

  expect(wantedNext({ ...FOUND, narrowed })).toEqual({ query: "pier", kind: "image", cursor: "1" });
});

test("each wish narrows it", () => {
  const narrowed: Narrowed = { ...WIDE, conversationId: "g1-us", senderId: "u1-us", kind: "image" };

  expect(wanted("pier", narrowed, null)).toEqual({
    query: "pier",
    conversation_id: "g1-us",
    sender_id: "u1-us",
    kind: "image",
  });
  expect(narrowness(narrowed)).toBe(3);
});

test.each([
  ["Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z"], // of 25 hours
  ["Europe/Berlin", "2026-12-31", "2026-12-30T23:00:00.000Z", "2026-12-31T23:00:00.000Z"],
  ["Asia/Tokyo", "2026-03-01", "2026-02-28T15:00:00.000Z", "2026-03-01T15:00:00.000Z"],
])("a day in %s, %s, is the reader's own, and whole", (zone, day, from, until) => {
  vi.stubEnv("TZ", zone);

  expect(wanted("pier", { ...WIDE, from: day, until: day }, null)).toEqual({ query: "pier", from, until });
});

test("a day that is not typed to its end narrows nothing", () => {
  expect(wanted("pier", { ...WIDE, from: "2026-1" }, null)).toEqual({ query: "pier" });
});
