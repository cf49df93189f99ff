/** The list of conversations, and the rows of a history. */

import { describe, expect, test } from "vitest";
import {
  belongs,
  called,
  empty,
  heldOf,
  isNamed,
  listed,
  turnsOf,
  withEntry,
  withListed,
  withoutUnlisted,
  withPreferences,
  withRead,
  withWithdrawn,
  writes,
} from "../src/core/inbox";
import type { Item } from "../src/core/outbox";
import { isOther, prepended, rowsOf } from "../src/core/rows";
import { EMPTY, withOlder } from "../src/core/timeline";
import type { Message, Profile } from "../src/core/types";

function message(seq: number, more: Partial<Message> = {}): Message {
  return {
    message_id: `m${seq}`,
    conversation_id: "d1-us",
    sender_id: "u2",
    recipient_id: "u1",
    kind: "message_sent",
    text: `text ${seq}`,
    seq,
    epoch: 1,
    status: "unread",
    sent_at: new Date(Date.UTC(2026, 10, 26, 10, seq)).toISOString(),
    queued_for: null,
    ...more,
  };
}

describe("the list", () => {
  test("a message of somebody new begins a conversation, and counts once", () => {
    const inbox = withEntry(withEntry({}, message(1), "u1"), message(1), "u1");

    expect(inbox["d1-us"]).toMatchObject({ peer_id: "u2", kind: "direct", unread: 1, head: 1 });
  });

  test("an older page sets nothing back that came live; one of a later epoch counts, however short it is", () => {
    const page = Object.values(withEntry({}, message(4), "u1"));
    const live = withEntry(withListed({}, page), message(5), "u1");
    const anew = page.map((each) => ({ ...each, epoch: 2, head: 3 }));

    expect(withListed(live, page)).toEqual(live);
    expect(withListed(live, anew)["d1-us"]?.head).toBe(3);
    expect(withListed(withEntry({}, message(4), "u1"), page)["d1-us"]).toBe(page[0]);
  });

  test("whoever joins knows by an entry that they did, and by a page from before it what they have joined", () => {
    const joined = message(2, { conversation_id: "c1-eu", kind: "member_joined", sender_id: "u1" });
    const live = withEntry({}, joined, "u1");
    const page = [{ ...empty("c1-eu", "channel", null, "Tides"), epoch: 1, head: 1 }];

    expect(live["c1-eu"]?.name).toBe("");
    expect(withListed(live, page)["c1-eu"]).toMatchObject({ name: "Tides", head: 2 });
  });

  test("what is withdrawn lowers its head and marks, so that the list and what comes next count; it is held no more", () => {
    const read = withRead(withEntry(withEntry({}, message(4), "u1"), message(5), "u1"), "d1-us", 5, 0);
    const left = withWithdrawn(read, "d1-us", 3);

    expect(heldOf(read)).toEqual({ "d1-us": [1, 5] });
    expect(heldOf(left)).toEqual({ "d1-us": [1, 3] });
    expect(left["d1-us"]).toMatchObject({ head: 3, read: 3 });
    const anew = message(4, { message_id: "n4", epoch: 2 });
    expect(withEntry(left, anew, "u1")["d1-us"]).toMatchObject({ head: 4, epoch: 2 });
    expect(withWithdrawn(read, "d1-us", 5)).toBe(read);
  });

  test("no more is held than a frame has room for: the newest", () => {
    const many = Array.from({ length: 500 }, (_, n) => message(n + 1, { conversation_id: `d${n}-us` }));
    const held = heldOf(many.reduce((inbox, each) => withEntry(inbox, each, "u1"), {}));

    expect(Object.keys(held)).toHaveLength(400);
    expect(held["d499-us"]).toEqual([1, 500]);
    expect(held["d0-us"]).toBeUndefined();
  });

  test("what the whole list does not name goes, but what is new, or has moved while it was read, stays", () => {
    const begun = { ...empty("d4-us", "direct", "u4", "") };
    const of = (id: string, seq: number) => message(seq, { conversation_id: id });
    const known = withListed(withEntry(withEntry({}, of("d1-us", 1), "u1"), of("d2-us", 1), "u1"), [begun]);
    const now = withEntry(withEntry(known, of("d2-us", 2), "u1"), of("d3-us", 1), "u1");

    expect(Object.keys(withoutUnlisted(now, new Set(), known)).sort()).toEqual(["d2-us", "d3-us", "d4-us"]);
    expect(withoutUnlisted(now, new Set(["d1-us"]), known)).toBe(now);
  });

  test("one's own messages are not counted, nor are events", () => {
    const own = withEntry({}, message(1, { sender_id: "u1", recipient_id: "u2" }), "u1");
    const joined = withEntry(own, message(2, { kind: "member_joined" }), "u1");

    expect(joined["d1-us"]).toMatchObject({ peer_id: "u2", unread: 0, head: 2 });
  });

  test("a conversation is found by its name, and by the other one's name or handle", () => {
    const all = [empty("g1-us", "group", null, "Travellers"), empty("d1-us", "direct", "u2", "")];
    const people = { u2: { user_id: "u2", handle: "boris", display_name: "Борис" } as Profile };
    const found = (part: string) => called(all, people, part).map((each) => each.conversation_id);

    expect(found(" TRAV ")).toEqual(["g1-us"]);
    expect(found("@bo")).toEqual(["d1-us"]);
    expect(found("бор")).toEqual(["d1-us"]);
    expect(found("")).toHaveLength(2);
    expect(found("x")).toEqual([]);
  });

  test("who belongs to a group writes there, of a channel only who runs it or posts", () => {
    expect(["owner", "admin", "poster", "member"].every(writes)).toBe(true);
    expect(["subscriber", "former", "banned", "asking", ""].some(writes)).toBe(false);
    expect(belongs("subscriber")).toBe(true);
    expect(["former", "banned", "asking", ""].some(belongs)).toBe(false);
  });

  test("somebody is named until they have read it: by the newest message, or by one that came", () => {
    const named = message(5, { conversation_id: "g1-us", mentions: [{ user_id: "u1", offset: 0, length: 3 }] });
    const group = { ...empty("g1-us", "group", null, "Group"), unread: 2, head: 6, read: 4 };

    expect(isNamed({ ...group, last_message: named }, "u1", undefined)).toBe(true);
    expect(isNamed({ ...group, last_message: named }, "u3", undefined)).toBe(false);
    expect(isNamed(group, "u1", 5)).toBe(true);
    expect(isNamed({ ...group, read: 5, unread: 1 }, "u1", 5)).toBe(false);
    expect(isNamed({ ...group, unread: 0 }, "u1", 5)).toBe(false);
  });

  test("that a friendship has turned shows in what was said last", () => {
    const turned = (seq: number, kind: string) => withEntry({}, message(seq, { kind }), "u1");

    expect(turnsOf(turned(2, "friend_requested"))).not.toBe(turnsOf(turned(3, "friend_accepted")));
    expect(turnsOf(turned(2, "message_sent"))).toBe("");
  });

  test("a group's picture changes when an entry says so, and stays when it says nothing of it", () => {
    const picture = { blob_id: "b1", blur: "", width: 1, height: 1, size: 1, home_region: "us" };
    const change = (seq: number, what: object) =>
      message(seq, { conversation_id: "g1-us", kind: "group_changed", change: { ...what } });
    const pictured = withEntry({}, change(1, { picture }), "u1");

    expect(pictured["g1-us"]?.picture).toEqual(picture);
    expect(withEntry(pictured, change(2, { name: "New" }), "u1")["g1-us"]?.picture).toEqual(picture);
    expect(withEntry(pictured, change(2, { picture: null }), "u1")["g1-us"]?.picture).toBeNull();
  });

  test("reading up to the head leaves nothing unread; an older mark changes nothing", () => {
    const unread = withEntry(withEntry({}, message(1), "u1"), message(2), "u1");
    const read = withRead(unread, "d1-us", 2, 0);

    expect(read["d1-us"]).toMatchObject({ unread: 0, read: 2 });
    expect(withRead(read, "d1-us", 1, 1)).toBe(read);
  });

  test("what is pinned stands above all else, the most recent first; in the archive as well", () => {
    const talk = (seq: number, wishes: { pinned?: boolean; archived?: boolean }) => ({
      ...empty(`d${seq}-us`, "direct", "u2", ""),
      last_message: message(seq),
      preferences: {
        conversation_id: `d${seq}-us`,
        muted_until: null,
        marked_unread: false,
        draft: "",
        version: 1,
        archived: wishes.archived ?? false,
        pinned: wishes.pinned ?? false,
      },
    });
    const fresh = empty("d9-us", "direct", "u3", "");
    const all = [talk(3, {}), talk(1, { pinned: true }), talk(2, { pinned: true }), fresh];
    const put = [talk(5, { archived: true }), talk(4, { archived: true, pinned: true })];
    const inbox = withListed({}, [...all, ...put]);

    expect(listed(inbox).map((each) => each.conversation_id)).toEqual(["d2-us", "d1-us", "d9-us", "d3-us"]);
    expect(listed(inbox, true).map((each) => each.conversation_id)).toEqual(["d4-us", "d5-us"]);
  });

  test("the most recent stands first; what was just begun above all; the archive is left out", () => {
    const first = { ...empty("d1-us", "direct", "u2", ""), last_message: message(1) };
    const second = { ...empty("d2-us", "direct", "u3", ""), last_message: message(2) };
    const preferences = {
      conversation_id: "d4-us",
      archived: true,
      muted_until: null,
      marked_unread: false,
      pinned: false,
      draft: "",
      version: 1,
    };
    const away = { ...empty("d4-us", "direct", "u5", ""), preferences };
    const inbox = { a: first, b: second, c: empty("d3-us", "direct", "u4", ""), d: away };

    expect(listed(inbox).map((each) => each.conversation_id)).toEqual(["d3-us", "d2-us", "d1-us"]);
    expect(listed(inbox, true).map((each) => each.conversation_id)).toEqual(["d4-us"]);
  });
});

test("of what one wants of a conversation the last change counts, whichever way it is told", () => {
  const wants = (version: number, draft: string | null) => ({
    conversation_id: "d1-us",
    archived: false,
    muted_until: null,
    marked_unread: false,
    pinned: false,
    draft,
    version,
  });
  const talk = (head: number) => ({ ...empty("d1-us", "direct", "u2", ""), head, epoch: 1 });
  const inbox = { "d1-us": { ...talk(5), preferences: wants(3, "three") } };
  const draft = (of: ReturnType<typeof withListed>) => of["d1-us"]?.preferences?.draft;

  expect(draft(withListed(inbox, [{ ...talk(4), preferences: wants(4, "four") }]))).toBe("four");
  expect(draft(withListed(inbox, [{ ...talk(6), preferences: wants(2, "two") }]))).toBe("three");
  expect(draft(withListed(inbox, [talk(6)]))).toBe("three");
  expect(draft(withPreferences(inbox, "d1-us", wants(2, "two")))).toBe("three");
  expect(draft(withPreferences(inbox, "d1-us", wants(3, null)))).toBe("three");
  expect(draft(withPreferences(inbox, "d1-us", wants(4, null)))).toBeNull();
});

describe("rows", () => {
  test("the first unread message is marked only where all that is unread is here", () => {
    const parts = { pending: [], outbox: [], me: "u1", unread: [2, 6] as const };
    const fresh = (...seqs: number[]) =>
      rowsOf({ ...parts, entries: seqs.map((seq) => message(seq)) }).flatMap((row) =>
        row.fresh ? [row.message?.seq] : [],
      );

    expect(fresh(1, 2, 3, 4)).toEqual([3]);
    expect(fresh(3, 4)).toEqual([3]);
    expect(fresh(4, 5, 6)).toEqual([]);
  });

  const parts = { pending: [], outbox: [], me: "u1", unread: [1, 2] as const };
  const timeline = withOlder(EMPTY, [message(3), message(2), message(1)], null);

  test("the first that was not read is marked, and runs of one sender hang together", () => {
    const rows = rowsOf({ ...parts, ...timeline });

    expect(rows.map((row) => row.fresh)).toEqual([false, true, false]);
    expect(rows.map((row) => row.head)).toEqual([true, true, false]);
    expect(rows.map((row) => row.newDay)).toEqual([true, false, false]);
  });

  test("a message of one's own that is in the outbox as well stands once, where its number says", () => {
    const own = message(4, { sender_id: "u1", client_message_id: "c1" });
    const { entries } = withOlder(timeline, [message(5), own], null);
    const item = { clientMessageId: "c1", conversationId: "d1-us", recipientId: null, text: "text 4", replyTo: null };
    const outbox: Item[] = [{ ...item, attachments: [], at: 1, stage: { at: "provisional", until: 0 } }];

    expect(rowsOf({ ...parts, entries, outbox }).map((row) => row.key)).toEqual(["m1", "m2", "m3", "own c1", "m5"]);
    expect(rowsOf({ ...parts, ...timeline, outbox }).map((row) => row.key)).toEqual(["m1", "m2", "m3", "own c1"]);
  });

  test("what is done to messages and what is hidden has no row", () => {
    const more = withOlder(timeline, [message(5, { kind: "hidden" }), message(4, { kind: "reaction_added" })], null);

    expect(rowsOf({ ...parts, ...more })).toHaveLength(3);
  });

  test("rows that stay as they are stay the same when others come, and only those", () => {
    const before = rowsOf({ ...parts, ...timeline });
    const older = withOlder(timeline, [message(0, { sender_id: "u2" })], null);
    const grown = withOlder(older, [message(4)], null);
    const after = rowsOf({ ...parts, ...grown });
    const edited = rowsOf({ ...parts, ...withOlder(grown, [message(3, { edited: 5, text: "new" })], null) });

    // A new day begins with the first row: not with what was the first before.
    expect(after.map((row) => before.includes(row))).toEqual([false, false, true, true, false]);
    expect(edited.map((row) => after.includes(row))).toEqual([true, true, true, false, true]);
  });

  test("older rows are counted, and those that are gone, so that the list keeps its place", () => {
    const rows = rowsOf({ ...parts, ...timeline });
    const [first, second, third] = rows;
    if (!first || !second || !third) throw new Error("there are three rows");

    expect(prepended([third], rows)).toBe(2);
    expect(prepended(rows, rows)).toBe(0);
    expect(prepended([first, second], [second, third])).toBe(-1);
    expect(prepended([second, third], [first, third])).toBe(0);
    expect(prepended([first], [second])).toBe(0);
    expect(prepended([], rows)).toBe(0);
  });

  test("what shares no row with what was there is another history; where nothing was, or is, there is no telling", () => {
    const [first, second, third] = rowsOf({ ...parts, ...timeline });
    if (!first || !second || !third) throw new Error("there are three rows");

    expect(isOther([first, second], [second, third])).toBe(false);
    expect(isOther([first, second], [third])).toBe(true);
    expect(isOther([], [third])).toBe(false);
    expect(isOther([first], [])).toBe(false);
    const waiting = { ...third, key: "own c1", message: null };
    expect(isOther([first, waiting], [second, waiting])).toBe(true);
    expect(isOther([waiting], [second, waiting])).toBe(false);
  });
});
