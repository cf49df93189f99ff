/** What a search shows of a text. */

import { expect, test } from "vitest";
import { excerpt } from "../src/core/excerpt";

const shown = (text: string, ...matches: [number, number][]) =>
  excerpt(
    text,
    matches.map(([offset, length]) => ({ offset, length })),
  )
    .map((piece) => (piece.found ? `[${piece.text}]` : piece.text))
    .join("");

test("what was found is marked, in the order of the text", () => {
  expect(shown("The harbour, by the pier", [20, 4], [4, 7])).toBe("The [harbour], by the [pier]");
});

test("places are code points: what lies beyond the first plane counts once", () => {
  expect(shown("🌊🌊 calm", [3, 4])).toBe("🌊🌊 [calm]");
});

test("of a long text the part around the first place is shown", () => {
  const text = `${"a ".repeat(100)}needle${" b".repeat(200)}`;

  const found = shown(text, [200, 6]);

  expect(found.startsWith("…")).toBe(true);
  expect(found).toContain("[needle]");
  expect(found.endsWith("…")).toBe(true);
  expect(found.length).toBeLessThan(180);
});

test("places that overlap, and none at all", () => {
  expect(shown("abcdef", [0, 3], [1, 4])).toBe("[abc][de]f");
  expect(shown("abc")).toBe("abc");
});
