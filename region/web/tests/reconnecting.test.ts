/** When a device connects again. */

import { describe, expect, test } from "vitest";
import { type Ended, NO_PLIGHT, type Plight, plightAfter, whatFollows } from "../src/core/reconnecting";

const ended = (more: Partial<Ended> = {}): Ended => ({
  code: 1006,
  welcomed: false,
  silent: false,
  told: false,
  failures: 1,
  retryAfter: null,
  refreshed: false,
  ...more,
});

describe("after the end of a connection", () => {
  test("a token that is not good is exchanged once; after that it is no remedy", () => {
    expect(whatFollows(ended({ code: 4401 }), 0)).toEqual({ kind: "refresh" });
    expect(whatFollows(ended({ code: 4401, refreshed: true }), 0).kind).toBe("again");
  });

  test("the region's own word counts, and up to half as long again", () => {
    const told = ended({ code: 4429, retryAfter: 10 });

    expect(whatFollows(told, 0)).toMatchObject({ afterMs: 10_000 });
    expect(whatFollows(told, 1)).toMatchObject({ afterMs: 15_000 });
  });

  test("one that worked comes back soon, and not all at the same moment", () => {
    const waits = [0, 0.5, 1].map((random) => whatFollows(ended({ welcomed: true }), random));

    expect(waits.map((next) => next.kind === "again" && next.afterMs)).toEqual([300, 1_300, 2_300]);
  });

  test("one that fails again and again waits longer, never more than half a minute", () => {
    const waits = [1, 2, 3, 4, 5, 6, 40].map((failures) => whatFollows(ended({ failures }), 1));

    expect(waits.map((next) => next.kind === "again" && next.afterMs)).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ]);
  });

  test("after the second failure another region is tried", () => {
    expect(whatFollows(ended({ failures: 1 }), 0)).toMatchObject({ elsewhere: false });
    expect(whatFollows(ended({ failures: 2 }), 0)).toMatchObject({ elsewhere: true });
  });

  test("where nobody says anything, or the home cannot be reached, another region is tried at once", () => {
    expect(whatFollows(ended({ silent: true }), 0)).toMatchObject({ elsewhere: true });
    expect(whatFollows(ended({ silent: true, welcomed: true }), 0)).toMatchObject({ elsewhere: true });
    expect(whatFollows(ended({ code: 1013 }), 0)).toMatchObject({ elsewhere: true });
    expect(whatFollows(ended({ code: 1013, told: true }), 0)).toMatchObject({ elsewhere: false });
  });
});

describe("what is said meanwhile", () => {
  const US = "https://us.example.org";
  const known = (attempts: readonly Partial<Ended>[]): Plight =>
    attempts.reduce<Plight>((before, attempt) => plightAfter(before, ended(attempt), US), NO_PLIGHT);

  test("a connection that ends is nobody's fault, until the region does not answer either", () => {
    expect(known([{ welcomed: true, failures: 0 }])).toEqual(NO_PLIGHT);
    expect(known([{ welcomed: true, failures: 0 }, {}])).toEqual({ kind: "silent", place: US });
    expect(known([{ welcomed: true, silent: true }])).toEqual({ kind: "silent", place: US });
  });

  test("that the home is away stands, whichever region falls silent after that", () => {
    expect(known([{}, { code: 1013 }, {}, { silent: true }])).toEqual({ kind: "away" });
  });

  test("a home that says that it has too much to do is there", () => {
    expect(known([{ code: 1013 }, { code: 1013, told: true, retryAfter: 3 }])).toEqual({ kind: "busy" });
  });
});
