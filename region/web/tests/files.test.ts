/** What is shown of images and files before they are here. */

import { expect, test } from "vitest";
import { pauseMs, safeName, shownSize, sizeWords } from "../src/core/files";

test("an image keeps its proportions, and is never made larger", () => {
  expect(shownSize({ width: 4_000, height: 3_000 })).toEqual({ width: 320, height: 240 });
  expect(shownSize({ width: 100, height: 80 })).toEqual({ width: 100, height: 80 });
  expect(shownSize({ width: 0, height: 0 })).toEqual({ width: 320, height: 320 });
});

test("what is on its way is asked for ever more seldom, and not for ever", () => {
  const pauses = Array.from({ length: 20 }, (_, before) => pauseMs(before + 1));

  expect(pauses.slice(0, 3)).toEqual([1_500, 2_250, 3_375]);
  expect(Math.max(...pauses.map(Number))).toBe(30_000);
  expect(pauses.indexOf(null)).toBe(19);
});

test.each([
  [0, "0 bytes", "0 байт"],
  [999, "999 bytes", "999 байт"],
  [1_400, "1.4 kB", "1,4 кБ"],
  [32_000, "32.0 kB", "32,0 кБ"],
  [524_288_000, "524 MB", "524 МБ"],
])("%d bytes are %s, and in Russian %s", (bytes, english, russian) => {
  const plain = (words: string) => words.replaceAll("\u00a0", " ");

  expect(plain(sizeWords(bytes, "en"))).toBe(english);
  expect(plain(sizeWords(bytes, "ru"))).toBe(russian);
});

test("a name is one that regions take", () => {
  expect(safeName('a/b"c\\d\n.txt')).toBe("a_b_c_d_.txt");
  expect(safeName("  ")).toBe("file");
  expect([...safeName("🌊".repeat(300))]).toHaveLength(255);
});
