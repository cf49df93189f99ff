/** A message that goes to several conversations goes to each of them once. */

import { beforeEach, expect, test, vi } from "vitest";
import { empty } from "../src/core/inbox";
import { entriesOf } from "./pretending";

const written: string[] = [];
let fails: string | null;
vi.mock("../src/state/outgoing", () => ({
  write: async ({ conversationId }: { conversationId: string }) => {
    if (conversationId === fails) throw new DOMException("The disk is full.", "QuotaExceededError");
    written.push(conversationId);
  },
}));

const { forward } = await import("../src/state/forwarding");
const MESSAGE = entriesOf("g9-us")(1);

beforeEach(() => {
  written.length = 0;
  fails = null;
});

test("a copy that was kept is not written again when a later one failed", async () => {
  let left = ["g1-us", "g2-us", "g3-us"].map((id) => empty(id, "group", null, id));
  const onKept = (id: string) => {
    left = left.filter((each) => each.conversation_id !== id);
  };
  fails = "g2-us";
  await expect(forward(MESSAGE, left, onKept)).rejects.toThrow("The disk is full.");
  expect(left.map((each) => each.conversation_id)).toEqual(["g2-us", "g3-us"]);

  fails = null;
  await forward(MESSAGE, left, onKept);
  expect(written).toEqual(["g1-us", "g2-us", "g3-us"]);
  expect(left).toEqual([]);
});
