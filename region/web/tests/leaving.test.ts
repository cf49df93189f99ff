/** Leaving a page: by Escape, unless that would cost what was typed, or means something else; and to the list, where that stands which was open. */

import { expect, test } from "vitest";
import { closes, conversationOf, isEmpty, leaves } from "../src/core/leaving";

const ESCAPE = { key: "Escape", isComposing: false, keyCode: 27, defaultPrevented: false };
const NOWHERE = { field: false, filled: false };

test("Escape leaves a page", () => {
  expect(leaves(ESCAPE, NOWHERE)).toBe(true);
  expect(leaves({ ...ESCAPE, key: "Enter" }, NOWHERE)).toBe(false);
});

test.each([
  ["ends an input method's composition", { isComposing: true }],
  ["ends it in a browser that says so by a number alone", { keyCode: 229 }],
  ["has closed something", { defaultPrevented: true }],
])("Escape that %s does not", (_, how) => {
  expect(leaves({ ...ESCAPE, ...how }, NOWHERE)).toBe(false);
});

test("Escape closes what is open above, unless an input method takes it", () => {
  expect(closes(ESCAPE)).toBe(true);
  expect(closes({ ...ESCAPE, key: "Enter" })).toBe(false);
  expect(closes({ ...ESCAPE, isComposing: true })).toBe(false);
  expect(closes({ ...ESCAPE, keyCode: 229 })).toBe(false);
});

test("a form that is being filled in stays, wherever the focus is by now", () => {
  expect(leaves(ESCAPE, { field: true, filled: false })).toBe(false);
  expect(leaves(ESCAPE, { field: false, filled: true })).toBe(false);
});

test.each([
  ["a search without a word", { tagName: "INPUT", type: "search", value: "" }, true],
  ["a text area", { tagName: "TEXTAREA", type: "textarea", value: "" }, true],
  ["what something stands in", { tagName: "INPUT", type: "text", value: "Sailors" }, false],
  ["a choice", { tagName: "SELECT", type: "select-one", value: "" }, false],
  ["a tick", { tagName: "INPUT", type: "checkbox", value: "" }, false],
  ["a button", { tagName: "BUTTON", type: "submit", value: "" }, false],
])("%s is an empty field: %o, %s", (_, field, empty) => {
  expect(isEmpty(field)).toBe(empty);
});

test.each([
  ["/c/g1-us", "g1-us"],
  ["/c/g1-us/about", "g1-us"],
  ["/c/d1-eu/at/b/a", "d1-eu"],
  ["/settings", null],
  ["/", null],
])("%s is about %s", (path, id) => {
  expect(conversationOf(path)).toBe(id);
});
