/** Emoji are found by words of either language, walked through as they stand, and put where one writes. */

import { expect, test } from "vitest";
import { called, found, inserted, placeBy } from "../src/core/emoji";
import { type Emoji, emojiEn } from "../src/words/emoji.en";
import { emojiRu } from "../src/words/emoji.ru";

const ALL = Object.values(emojiEn).flatMap((all) =>
  Object.entries(all).map(([emoji, name]) => ({ emoji, names: [name as string, emojiRu[emoji as Emoji]] })),
);
const by = (query: string) => found(ALL, query).map(({ emoji }) => emoji);

test.each([
  ["red heart", ["❤️"]],
  ["HEART red", ["❤️"]],
  ["елка", ["🌲"]], // as many write it
  ["Ёлка", ["🌲"]],
  ["пицц", ["🍕"]],
  ["🍕", ["🍕"]],
  ["izza", []], // it begins no word
  ["no such thing", []],
])("“%s” finds %j", (query, emoji) => {
  expect(by(query)).toEqual(emoji);
});

test("what is not searched for is all of it, each once, and each may be a reaction", () => {
  expect(by(" ")).toHaveLength(ALL.length);
  expect(new Set(by(""))).toHaveLength(ALL.length);
  for (const { emoji } of ALL) {
    expect([...new Intl.Segmenter().segment(emoji)]).toHaveLength(1);
    expect(new TextEncoder().encode(emoji).length).toBeLessThanOrEqual(64);
  }
});

test("each has a name in each language, and no two of a language the same", () => {
  for (const language of [0, 1]) {
    const names = ALL.map(({ names }) => called(names[language] ?? ""));
    expect(names.filter((name, at) => name === "" || names.indexOf(name) !== at)).toEqual([]);
  }
});

/** Two rows of three, and one of two. */
const PLACES = [0, 40, 80, 0, 40, 80, 0, 40].map((left, at) => ({ left, top: Math.floor(at / 3) * 40 }));

test.each([
  ["ArrowRight", 1, 2],
  ["ArrowRight", 2, 3],
  ["ArrowRight", 7, 7],
  ["ArrowLeft", 0, 0],
  ["ArrowDown", 1, 4],
  ["ArrowDown", 5, 7], // nothing stands below it: what is nearest
  ["ArrowDown", 6, 6],
  ["ArrowUp", 7, 4],
  ["ArrowUp", 1, null], // to where one searches
  ["Home", 5, 0],
  ["End", 0, 7],
  ["a", 0, null],
])("%s leads from %i to %j", (key, from, to) => {
  expect(placeBy(key, PLACES, from, false)).toBe(to);
});

test("arrows across follow the text where that runs from right to left", () => {
  expect(placeBy("ArrowLeft", PLACES, 1, true)).toBe(2);
  expect(placeBy("ArrowRight", PLACES, 1, true)).toBe(0);
});

test("where nothing has the focus no key leads anywhere", () => {
  expect(placeBy("ArrowDown", PLACES, -1, false)).toBeNull();
  expect(placeBy("Home", [], 0, false)).toBeNull();
});

test("an emoji stands in place of what was selected, and the caret behind it", () => {
  expect(inserted("Hello you", 6, 9, "👋")).toEqual({ text: "Hello 👋", caret: 8 });
});
