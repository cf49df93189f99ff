/** What a text that is under way is for: kept with it, in this browser, for as long as it is under way. */

import { beforeEach, expect, test, vi } from "vitest";
import { entriesOf, pretendStorage } from "./pretending";

const TALK = "g1-us";
const MESSAGE = entriesOf(TALK)(7);

let kept: Map<string, string>;
let drafts: typeof import("../src/io/drafts");

/** Load the page: what an earlier one had in memory is gone. */
async function load(userId = "u1-us"): Promise<void> {
  vi.resetModules();
  (await import("../src/io/database")).belongTo(userId);
  drafts = await import("../src/io/drafts");
}

beforeEach(async () => {
  kept = new Map();
  pretendStorage(kept);
  await load();
});

test.each([
  { kind: "reply", to: MESSAGE },
  { kind: "edit", of: MESSAGE },
] as const)("the page that is loaded anew knows which message it was: $kind", async (purpose) => {
  drafts.writePurpose(TALK, purpose);
  await load();

  expect(drafts.readPurpose(TALK)).toEqual(purpose);
  expect(drafts.readPurpose("g2-us")).toEqual({ kind: "write" });
});

test("an edit goes on where it was left, beside the conversation's draft", async () => {
  drafts.writeDraft(TALK, "A draft");
  drafts.writeEdit(MESSAGE.message_id, "half an ed");
  await load();

  expect(drafts.readEdit(MESSAGE.message_id)).toBe("half an ed");
  expect(drafts.readEdit("m8")).toBe("");
  expect(drafts.readDrafts()).toEqual({ [TALK]: "A draft" });
});

test("what is done with leaves nothing behind", () => {
  drafts.writePurpose(TALK, { kind: "edit", of: MESSAGE });
  drafts.writeEdit(MESSAGE.message_id, "half an ed");
  drafts.writePurpose(TALK, { kind: "write" });
  drafts.writeEdit(MESSAGE.message_id, "");

  expect(kept.size).toBe(0);
});

test("somebody else who logs in here finds none of it, and whoever logs out takes all of it along", async () => {
  drafts.writePurpose(TALK, { kind: "edit", of: MESSAGE });
  drafts.writeEdit(MESSAGE.message_id, "half an ed");
  await load("u2-us");
  expect([drafts.readPurpose(TALK), drafts.readEdit(MESSAGE.message_id)]).toEqual([{ kind: "write" }, ""]);

  await load();
  drafts.forgetDrafts("u1-us");
  expect(kept.size).toBe(0);
});

test.each(["", "{", "null", "7", '{"kind":"edit"}', '{"kind":"reply","to":null}', '{"kind":"edit","of":"m7"}'])(
  "what is no purpose is none: %s",
  (text) => {
    kept.set(`causeway.purpose.u1-us.${TALK}`, text);

    expect(drafts.readPurpose(TALK)).toEqual({ kind: "write" });
  },
);
