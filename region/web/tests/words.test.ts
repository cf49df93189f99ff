/** Whatever a region may refuse, as the protocol's documentation names it, is said in each language. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { en } from "../src/words/en";
import { more as moreEn } from "../src/words/more.en";
import { more as moreRu } from "../src/words/more.ru";
import { ru } from "../src/words/ru";

const PROTOCOL = readFileSync(join(import.meta.dirname, "..", "..", "..", "docs", "protocol.md"), "utf8");
const CODE = /`([a-z]+(?:-[a-z]+)*)`/g;

/** What is never shown: the app itself acts on it, or does not send what would be answered so. */
const UNSHOWN = ["malformed-request", "broken-cursor", "invalid-token", "method-not-allowed", "not-the-holder"];

/** The codes that follow a status: in a table's cell, or in a sentence. */
function documented(text: string): string[] {
  const rows = text.matchAll(/^\| [45]\d\d \| ([^|]*) \|/gm);
  const sentences = text.matchAll(/\b[45]\d\d\s+(`[a-z-]+`(?:(?:\s\([^)]*\))?,\s+`[a-z-]+`)*)/g);
  const found = [...rows, ...sentences].flatMap(([, codes = ""]) => [...codes.matchAll(CODE)].map(([, code]) => code));
  return [...new Set(found as string[])].sort();
}

test("codes are found in tables and in sentences, also over a line's end", () => {
  const text = "| 409 | `a-b`, `c` | when |\nrefused: 403 `d`, `e-f` (so), `g`; 409\n  `h-i`; by `j`, up to 64 `k`";

  expect(documented(text)).toEqual(["a-b", "c", "d", "e-f", "g", "h-i"]);
});

test.each([
  ["English", { ...en, ...moreEn }],
  ["Russian", { ...ru, ...moreRu }],
])("each code that is documented has its words in %s", (_, words) => {
  const codes = documented(PROTOCOL);

  expect(codes).toEqual(expect.arrayContaining(["already-friends", "own-recipient", "upload-closed", ...UNSHOWN]));
  expect(codes.filter((code) => !UNSHOWN.includes(code) && !(`problem.${code}` in words))).toEqual([]);
});

test("a word has the same holes in each language", () => {
  const holes = (word: unknown) => [...new Set(JSON.stringify(word).match(/\{\w+\}/g) ?? [])].sort();
  const english: Readonly<Record<string, unknown>> = { ...en, ...moreEn };
  const both = Object.entries({ ...ru, ...moreRu }).filter(([key]) => key in english);

  expect(both.length).toBeGreaterThan(300);
  expect(both.filter(([key, word]) => `${holes(word)}` !== `${holes(english[key])}`)).toEqual([]);
});
