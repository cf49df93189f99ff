/** What may be done with whom, in groups and channels. */

import { describe, expect, test } from "vitest";
import { changedAt, deeds, isGrave, runs, turnedAt } from "../src/core/roles";
import { EMPTY } from "../src/core/timeline";
import type { Message } from "../src/core/types";

describe("in a group", () => {
  test("owners give roles, and do with owners nothing", () => {
    expect(deeds("g1", "owner", "member", false)).toEqual(["admin", "owner", "hand-over", "remove", "ban"]);
    expect(deeds("g1", "owner", "admin", false)).toEqual(["member", "owner", "hand-over", "remove", "ban"]);
    expect(deeds("g1", "owner", "owner", false)).toEqual([]);
  });

  test("admins act on those below them, and give no roles", () => {
    expect(deeds("g1", "admin", "member", false)).toEqual(["remove", "ban"]);
    expect(deeds("g1", "admin", "admin", false)).toEqual([]);
    expect(deeds("g1", "admin", "owner", false)).toEqual([]);
  });

  test("both let in, decline, and lift bans; members do nothing", () => {
    for (const role of ["owner", "admin"]) {
      expect(deeds("g1", role, "asking", false)).toEqual(["let-in", "decline", "ban"]);
      expect(deeds("g1", role, "banned", false)).toEqual(["unban"]);
    }
    expect(deeds("g1", "member", "asking", false)).toEqual([]);
    expect(deeds("g1", "member", "member", false)).toEqual([]);
  });

  test("with oneself one does nothing but lay an ownership down", () => {
    expect(deeds("g1", "owner", "owner", true)).toEqual(["step-down"]);
    expect(deeds("g1", "admin", "admin", true)).toEqual([]);
  });
});

describe("in a channel", () => {
  test("owners do all, posters only post", () => {
    expect(deeds("c1", "owner", "subscriber", false)).toEqual(["poster", "owner", "hand-over", "remove", "ban"]);
    expect(deeds("c1", "owner", "poster", false)).toEqual(["subscriber", "owner", "hand-over", "remove", "ban"]);
    expect(deeds("c1", "poster", "subscriber", false)).toEqual([]);
    expect(runs("c1", "poster")).toBe(false);
    expect(runs("c1", "owner")).toBe(true);
  });
});

test("what one cannot take back oneself is asked about first", () => {
  expect((["owner", "hand-over", "step-down", "ban"] as const).every(isGrave)).toBe(true);
  expect(isGrave("remove")).toBe(false);
});

test("members and settings are looked at again when an entry is about them, and for no message", () => {
  const kinds = ["group_created", "member_added", "invite_made", "role_changed", "group_message_sent"];
  const entries = kinds.map((kind, place) => ({ kind, seq: place + 1 }) as Message);

  expect(turnedAt({ ...EMPTY, entries })).toBe(4);
  expect(changedAt({ ...EMPTY, entries })).toBe(3);
  expect(turnedAt(EMPTY)).toBe(0);
});
