/** What a notification shows. */

import { expect, test } from "vitest";
import { noticeOf, readNotices } from "../src/core/notices";

const SAID = { title: "Ada", body: "Hello" };
const QUIET = { title: "Causeway", body: "" };

test("as was chosen: all of it, that there is something, or nothing", () => {
  expect(noticeOf("full", SAID, QUIET)).toEqual(SAID);
  expect(noticeOf("quiet", SAID, QUIET)).toEqual(QUIET);
  expect(noticeOf("off", SAID, QUIET)).toBeNull();
});

test("who has chosen nothing, or what nobody understands, sees all of it", () => {
  expect([null, "", "loud", "off"].map(readNotices)).toEqual(["full", "full", "full", "off"]);
});
