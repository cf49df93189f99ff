/** The one state that a message of one's own is shown in. */

import { expect, test } from "vitest";
import { ofItem, ofStatus } from "../src/core/delivery";
import type { Item, Stage } from "../src/core/outbox";

const item = (stage: Stage): Item => ({
  clientMessageId: "m1",
  conversationId: "d1-us",
  recipientId: null,
  text: "text",
  replyTo: null,
  attachments: [],
  at: 1,
  stage,
});

test.each<[Stage, object]>([
  [{ at: "sending" }, { state: "sending" }],
  [
    { at: "waiting", until: 5, reason: "busy" },
    { state: "waiting", reason: "busy" },
  ],
  [{ at: "accepted", messageId: "id" }, { state: "accepted" }],
  [{ at: "provisional", until: 0 }, { state: "provisional" }],
  [
    { at: "queued", messageId: "id", region: "eu" },
    { state: "queued", region: "eu" },
  ],
  [
    { at: "refused", code: "friends-only", reason: "no" },
    { state: "refused", code: "friends-only", reason: "no" },
  ],
  [
    { at: "failed", code: "too-large", reason: "long" },
    { state: "failed", code: "too-large", reason: "long" },
  ],
])("in the outbox: %o", (stage, shown) => {
  expect(ofItem(item(stage))).toEqual(shown);
});

test("numbered: what the others have done with it, and nothing of that in a channel, where nobody tells", () => {
  expect((["unread", "received", "read"] as const).map((status) => ofStatus(status, false).state)).toEqual([
    "sent",
    "received",
    "read",
  ]);
  expect(ofStatus("read", true).state).toBe("sent");
});
