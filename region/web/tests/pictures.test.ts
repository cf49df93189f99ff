/** How large an image is brought that stands for somebody. */

import { expect, test } from "vitest";
import { drawnSize } from "../src/core/pictures";

test("a small one goes as it is, with whatever moves in it", () => {
  expect(drawnSize(640, 480, 200_000)).toBeNull();
  expect(drawnSize(0, 0, 0)).toBeNull();
});

test("a large one is drawn anew in its proportions, at least a pixel wide", () => {
  expect(drawnSize(4_000, 3_000, 6_000_000)).toEqual({ width: 1_280, height: 960 });
  expect(drawnSize(100, 100_000, 10)).toEqual({ width: 1, height: 1_280 });
});

test("one of few pixels and many bytes keeps its size", () => {
  expect(drawnSize(1_000, 800, 4_000_000)).toEqual({ width: 1_000, height: 800 });
});
