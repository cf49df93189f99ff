/** Pins: who may, when the list is another one, and where a message stands. */

import { expect, test } from "vitest";
import { around, epochAt, mayPin, pinsChangedAt } from "../src/core/pins";
import { EMPTY, type Timeline } from "../src/core/timeline";
import type { Message } from "../src/core/types";

const entry = (seq: number, kind: string, epoch = 1) => ({ seq, kind, epoch }) as Message;
const timeline = (...entries: Message[]): Timeline => ({ ...EMPTY, entries });

test.each([
  ["d1-us", "", true],
  ["g1-us", "owner", true],
  ["g1-us", "admin", true],
  ["g1-us", "member", false],
  ["g1-us", "poster", false],
  ["c1-us", "owner", true],
  ["c1-us", "poster", true],
  ["c1-us", "subscriber", false],
  ["c1-us", "", false],
])("in %s somebody who is %o may pin: %o", (id, role, may) => {
  expect(mayPin(id, role)).toBe(may);
});

test("the list is looked at again after a pin, an unpin and a deletion, and after nothing else", () => {
  const pinned = [entry(1, "message_sent"), entry(2, "message_pinned"), entry(3, "message_edited")];

  expect(pinsChangedAt(EMPTY)).toBe(0);
  expect(pinsChangedAt(timeline(...pinned))).toBe(2);
  expect(pinsChangedAt(timeline(...pinned, entry(4, "message_deleted")))).toBe(4);
  expect(pinsChangedAt(timeline(...pinned, entry(5, "message_unpinned")))).toBe(5);
});

test("around a message the past begins with it, and the future behind it", () => {
  expect(around(2, 41)).toEqual({ before: "2.42", after: "2.41" });
});

test("an epoch is that of the next entry that is here; of the last, if there is none above", () => {
  const entries = [entry(10, "message_sent", 1), entry(20, "hidden", 0), entry(30, "message_sent", 3)];

  expect(epochAt(entries, 5)).toBe(1);
  expect(epochAt(entries, 15)).toBe(3);
  expect(epochAt(entries, 40)).toBe(3);
  expect(epochAt([], 5)).toBe(1);
});
