/** What is shown of an image before it is here. */

import { expect, test } from "vitest";
import { blurred, meanColour } from "../src/core/blurhash";

const ONE_WAVE = "1~Lqe900"; // grey; as dark as can be on the left, as light as can be on the right
const PHOTO = "L6PZfSi_.AyE_3t7t7R**0o#DgR4";

/** Red of a row of pixels. */
const reds = (pixels: Uint8ClampedArray | null) => [...(pixels ?? [])].filter((_, place) => place % 4 === 0);

test("the mean colour stands in the third to sixth digit", () => {
  expect(meanColour(PHOTO)).toMatch(/^rgb\(\d+ \d+ \d+\)$/);
  expect(meanColour("00TSUA")).toBe("rgb(255 255 255)");
  expect(meanColour("")).toBeNull();
});

test("without waves everything has the mean colour", () => {
  expect([...(blurred("00TSUA", 2, 1) ?? [])]).toEqual([255, 255, 255, 255, 255, 255, 255, 255]);
});

test("a wave goes from one side to the other, around the mean", () => {
  const row = reds(blurred(ONE_WAVE, 8, 1));

  expect(row[0]).toBe(10);
  expect(row[4]).toBe(188);
  expect(row[7]).toBeGreaterThan(245);
  expect([...row].sort((a, b) => a - b)).toEqual(row);
});

test("as many waves as it says, for each pixel", () => {
  const pixels = blurred(PHOTO, 5, 3);

  expect(pixels).toHaveLength(5 * 3 * 4);
  expect(new Set(reds(pixels)).size).toBeGreaterThan(3);
});

test.each(["", "L6PZ", "1~Lqe9", "1~Lqe90", '1~Lqe9""', "é~Lqe900"])("%s is none", (hash) => {
  expect(blurred(hash, 4, 4)).toBeNull();
});
