/** More of what was found belongs to what was searched for. */

import { expect, test } from "vitest";
import { type Found, withPage } from "../src/core/hits";

const FOUND: Found<string> = { hits: ["a"], next: "1", incomplete: 0, wrong: null };

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
