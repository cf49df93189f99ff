/** Pages run from left to right, or from right to left: arrows follow them. */

import { expect, test } from "vitest";
import { across, tabBy } from "../src/core/direction";

test.each([
  ["ArrowRight", false, 1],
  ["ArrowLeft", false, -1],
  ["ArrowRight", true, -1],
  ["ArrowLeft", true, 1],
  ["ArrowDown", false, 0],
  ["Tab", true, 0],
] as const)("%s goes on in the page's direction (right to left: %s)", (key, rightToLeft, by) => {
  expect(across(key, rightToLeft)).toBe(by);
});

test.each([
  ["ArrowRight", "a", false, "b"],
  ["ArrowRight", "c", false, "a"],
  ["ArrowLeft", "a", false, "c"],
  ["ArrowLeft", "a", true, "b"],
  ["Home", "b", false, "a"],
  ["End", "b", true, "c"],
  ["Enter", "b", false, null],
])("%s goes from tab %s (right to left: %s) to %s", (key, from, rightToLeft, to) => {
  expect(tabBy(key, ["a", "b", "c"], from, rightToLeft)).toBe(to);
});
