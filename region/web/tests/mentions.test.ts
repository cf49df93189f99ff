/** Mentions: while one types, when it is sent, and as they are shown. */

import { describe, expect, test } from "vitest";
import { begunAt, candidates, completed, mentionsIn } from "../src/core/mentions";
import { names, pieces } from "../src/core/pieces";
import type { Profile } from "../src/core/types";

function person(handle: string, name = ""): Profile {
  return {
    user_id: `u-${handle}`,
    handle,
    display_name: name,
    home_region: "us",
    created_at: "",
    status_text: "",
    picture: null,
  };
}

const PEOPLE = [person("ada", "Ada Lovelace"), person("boris", "Boris Love"), person("ada.b", "Someone")];

describe("an @ that is being typed", () => {
  test.each([
    ["@", 1, { at: 0, query: "" }],
    ["hello @bo", 9, { at: 6, query: "bo" }],
    ["(@a", 3, { at: 1, query: "a" }],
    ["@ada and", 8, null],
    ["mail@ada", 8, null],
    ["hello @bo later", 9, { at: 6, query: "bo" }],
    ["nothing", 7, null],
  ])("of %o at %i is %o", (text, caret, begun) => {
    expect(begunAt(text, caret)).toEqual(begun);
  });

  test("means handles that begin so first, then words of names", () => {
    expect(candidates("ad", PEOPLE).map((each) => each.handle)).toEqual(["ada", "ada.b"]);
    expect(candidates("LOVE", PEOPLE).map((each) => each.handle)).toEqual(["ada", "boris"]);
    expect(candidates("x", PEOPLE)).toEqual([]);
    expect(candidates("", PEOPLE, 2)).toHaveLength(2);
  });

  test("is completed where it stands, with one space behind", () => {
    expect(completed("hello @bo, you", { at: 6, query: "bo" }, "boris")).toEqual({
      text: "hello @boris , you",
      caret: 13,
    });
    expect(completed("@a b", { at: 0, query: "a" }, "ada")).toEqual({ text: "@ada b", caret: 5 });
  });
});

describe("what is sent", () => {
  test("names members by their handles, in code points, whatever the case", () => {
    expect(mentionsIn("👋 @ADA, see @boris. And @nobody, x@ada", PEOPLE)).toEqual([
      { user_id: "u-ada", offset: 2, length: 4 },
      { user_id: "u-boris", offset: 12, length: 6 },
    ]);
  });

  test("takes a point within a handle for the handle's, one at its end for the sentence's", () => {
    expect(mentionsIn("@ada.b or @ada.", PEOPLE).map((each) => each.user_id)).toEqual(["u-ada.b", "u-ada"]);
  });

  test("names 50 at most", () => {
    expect(mentionsIn("@ada ".repeat(60), PEOPLE)).toHaveLength(50);
  });
});

describe("what is shown", () => {
  test("mentions and addresses are pieces, and all pieces are the text", () => {
    const text = "👋 @ada: https://example.org/@ada.";
    const found = pieces(text, [{ user_id: "u-ada", offset: 2, length: 4 }]);

    expect(found.map((piece) => piece.text).join("")).toBe(text);
    expect(found.map((piece) => piece.kind)).toEqual(["text", "mention", "text", "address", "text"]);
    expect(found[1]).toMatchObject({ text: "@ada", userId: "u-ada" });
  });

  test("what lies outside, overlaps or has no place is passed over", () => {
    const mentions = [
      { user_id: "u1", offset: 0, length: 2 },
      { user_id: "u2", offset: 1, length: 2 },
      { user_id: "u3", offset: 0, length: 0 },
      { user_id: "u4", offset: 2, length: 9 },
    ];

    expect(pieces("abcd", mentions)).toEqual([
      { kind: "mention", at: 0, text: "ab", userId: "u1" },
      { kind: "text", at: 2, text: "cd" },
    ]);
  });

  test("a message tells whom it names", () => {
    expect(names({ mentions: [{ user_id: "u1", offset: 0, length: 0 }] }, "u1")).toBe(true);
    expect(names({}, "u1")).toBe(false);
    expect(names(null, "u1")).toBe(false);
  });
});
