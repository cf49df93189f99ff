/** Pages run from left to right, or from right to left: arrows follow them. */

import { expect, test } from "vitest";
import { across } from "../src/core/direction";

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
