/** The outbox: order, states, and what is sent when. */

import { describe, expect, test } from "vitest";
import * as outbox from "../src/core/outbox";
import type { ErrorFrame, Message } from "../src/core/types";

const NOTHING: ReadonlySet<string> = new Set();

function item(name: string, more: Partial<outbox.Item> = {}): outbox.Item {
  return {
    clientMessageId: name,
    conversationId: "d1-us",
    recipientId: null,
    text: name,
    replyTo: null,
    attachments: [],
    at: Number(name.slice(1)),
    stage: { at: "sending" },
    ...more,
  };
}

const error = (more: Partial<ErrorFrame>): ErrorFrame => ({
  type: "error",
  code: "unavailable",
  title: "",
  status: 503,
  definite: true,
  detail: "away",
  ...more,
});

const names = (items: readonly outbox.Item[]) => items.map((each) => each.clientMessageId);

describe("what is due", () => {
  test("one of each conversation at a time, the oldest first, so that the order stays", () => {
    const items = [item("m2"), item("m1"), item("m3", { conversationId: "d2-us" })];

    expect(names(outbox.due(items, 0, NOTHING))).toEqual(["m1", "m3"]);
    expect(names(outbox.due(items, 0, new Set(["m1"])))).toEqual(["m3"]);
  });

  test("what was accepted holds up nothing, and is sent once more on a new connection", () => {
    const items = [outbox.accepted(item("m1"), "id", "d1-us"), item("m2")];

    expect(names(outbox.due(items, 0, NOTHING))).toEqual(["m1", "m2"]);
    expect(names(outbox.due(items, 0, new Set(["m1"])))).toEqual(["m2"]);
  });

  test("what was turned down is sent no more, and the next one goes", () => {
    const items = [outbox.refused(item("m1"), "not-a-member", "You are out."), item("m2")];

    expect(names(outbox.due(items, 0, NOTHING))).toEqual(["m2"]);
  });

  test("what waits holds up what was written after it, until its time", () => {
    const items = [outbox.erred(item("m1"), error({ retry_after: 3 }), 1_000), item("m2")];

    expect(names(outbox.due(items, 3_999, NOTHING))).toEqual([]);
    expect(outbox.nextLook(items)).toBe(4_000);
    expect(names(outbox.due(items, 4_000, NOTHING))).toEqual(["m1"]);
  });
});

test("what another tab wrote is added in its place; what is here, or was taken away, is not", () => {
  const here = [item("m1", { stage: { at: "accepted", messageId: "id" } }), item("m4")];
  const both = outbox.joined(here, [item("m1"), item("m2"), item("m3")], new Set(["m3"]));

  expect(names(both)).toEqual(["m1", "m2", "m4"]);
  expect(both[0]).toBe(here[0]);
});

describe("what becomes of one", () => {
  test.each([
    ["busy", { status: 503 }, "waiting"],
    ["too often", { status: 429 }, "waiting"],
    ["nobody knows", { status: 500, definite: false }, "waiting"],
    ["too large", { status: 413, code: "too-large" }, "failed"],
  ])("%s", (_, said, stage) => {
    expect(outbox.erred(item("m1"), error(said), 0).stage.at).toBe(stage);
  });

  test("accepted, then queued for a region; a late `accepted` does not take that back", () => {
    const message = { message_id: "id", conversation_id: "d9-eu", queued_for: "eu" } as Message;
    const queued = outbox.queued(outbox.accepted(item("m1"), "id", "d9-eu"), message);

    expect(outbox.accepted(queued, "id", "d9-eu").stage).toEqual({ at: "queued", messageId: "id", region: "eu" });
    expect(queued.conversationId).toBe("d9-eu");
  });

  test.each([{ status: 503 }, { status: 413, code: "too-large" }])(
    "once taken it stays so, though its repetition is turned down: %o",
    (said) => {
      const accepted = outbox.accepted(item("m1"), "id", "d1-us");
      const queued = outbox.queued(item("m2"), { message_id: "id", conversation_id: "d9-eu" } as Message);

      expect(outbox.erred(accepted, error(said), 0)).toBe(accepted);
      expect(outbox.erred(queued, error(said), 0)).toBe(queued);
    },
  );

  test("a refusal is for good: an `accepted` that comes after it, a `pending` or an error takes nothing of it back", () => {
    const refused = outbox.refused(item("m1"), "friends-only", "");

    expect(outbox.accepted(refused, "id", "d1-us")).toBe(refused);
    expect(outbox.queued(refused, { message_id: "id", conversation_id: "d9-eu" } as Message)).toBe(refused);
    expect(outbox.erred(refused, error({ status: 503 }), 0)).toBe(refused);
  });

  test("sent again after a refusal it has another name, since the first is refused for good", () => {
    const anew = outbox.again(outbox.refused(item("m1"), "slow-mode", ""), "m7", 7);

    expect(anew).toEqual(item("m7", { text: "m1" }));
  });
});

describe("the frame by which a message is sent", () => {
  test("says to whom it goes, what it answers, and whom it names", () => {
    const mentions = [{ user_id: "u2", offset: 0, length: 3 }];

    expect(outbox.frameOf(item("m1", { recipientId: "u2" }))).toMatchObject({ recipient_id: "u2", text: "m1" });
    expect(outbox.frameOf(item("m1", { replyTo: "m0", mentions }))).toEqual({
      type: "send",
      client_message_id: "m1",
      conversation_id: "d1-us",
      text: "m1",
      attachments: [],
      reply_to: "m0",
      mentions,
    });
  });

  test("of what is sent on has neither text nor attachments, whatever is shown meanwhile", () => {
    const frame = outbox.frameOf(item("m1", { forwardOf: "m0" }));

    expect(frame).toEqual({
      type: "send",
      client_message_id: "m1",
      conversation_id: "d1-us",
      text: "",
      forward_of: "m0",
    });
  });
});
