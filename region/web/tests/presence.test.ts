/** Friends who are watched, and by which way a message came. */

import { expect, test } from "vitest";
import { empty, type Inbox } from "../src/core/inbox";
import { watched } from "../src/core/presence";
import { stepsOf } from "../src/core/way";

function inboxOf(...peers: string[]): Inbox {
  return Object.fromEntries(peers.map((peer) => [`d-${peer}`, empty(`d-${peer}`, "direct", peer, "")]));
}

test("friends alone are watched, the one who is looked at first, 50 at most", () => {
  const inbox = { ...inboxOf("u1", "u2", "u3"), g1: empty("g1", "group", null, "Group") };

  expect(watched(inbox, new Set(["u1", "u3"]), "d-u3")).toEqual(["u3", "u1"]);
  expect(watched(inbox, new Set(["u1"]), "g1")).toEqual(["u1"]);
  const many = Array.from({ length: 70 }, (_, n) => `u${n}`);
  expect(watched(inboxOf(...many), new Set(many), null)).toHaveLength(50);
});

test("each step of a way has the time since the one before", () => {
  const hops = [
    ["us.gateway", 1_000_000],
    ["us.projector", 1_004_500],
    ["eu.delivery", 1_104_540],
  ] as const;

  expect(stepsOf(hops)).toEqual([
    { region: "us", part: "gateway", after: 0 },
    { region: "us", part: "projector", after: 4.5 },
    { region: "eu", part: "delivery", after: 100 },
  ]);
  expect(stepsOf([])).toEqual([]);
});
