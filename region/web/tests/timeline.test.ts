/** A conversation's log as it comes: pages, live entries, what is done to messages, marks. */

import { describe, expect, test } from "vitest";
import * as timeline from "../src/core/timeline";
import type { Message } from "../src/core/types";

function entry(seq: number, more: Partial<Message> = {}): Message {
  return {
    message_id: `m${seq}`,
    conversation_id: "d1-us",
    sender_id: "u2",
    kind: "message_sent",
    text: `text ${seq}`,
    seq,
    epoch: 1,
    status: "unread",
    sent_at: "2026-11-26T10:00:00.000Z",
    queued_for: null,
    ...more,
  };
}

const alteration = (seq: number, kind: string, of: number, more: object = {}): Message =>
  entry(seq, { kind, text: "", change: { message_id: `m${of}`, message_seq: of, ...more } });

const seqs = (of: timeline.Timeline) => of.entries.map((each) => each.seq);
const page = (...numbers: number[]) => numbers.map((seq) => entry(seq));
const whole = timeline.withOlder(timeline.EMPTY, page(5, 4, 3), "1.3");

describe("pages and entries", () => {
  test("older pages go before, newer entries behind, each number once", () => {
    const grown = timeline.withEntry(timeline.withOlder(whole, page(3, 2, 1), null), entry(6));

    expect(seqs(timeline.withEntry(grown, entry(6)))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(grown.older).toBeNull();
    expect(timeline.placeOf(grown)).toBe("1.6");
  });

  test("what is queued is in no log yet", () => {
    expect(seqs(timeline.withEntry(whole, entry(0, { seq: null })))).toEqual([3, 4, 5]);
  });

  test("an entry is found by its number", () => {
    const holed = timeline.withOlder(timeline.EMPTY, page(9, 7, 6, 2), "1.2");

    expect([1, 2, 3, 6, 7, 8, 9, 10].map((seq) => timeline.entryAt(holed, seq)?.seq)).toEqual([
      undefined,
      2,
      undefined,
      6,
      7,
      undefined,
      9,
      undefined,
    ]);
    expect(timeline.entryAt(timeline.EMPTY, 1)).toBeUndefined();
  });

  test("where nothing is yet, only the first number is no gap", () => {
    expect(timeline.isGap(timeline.EMPTY, entry(1))).toBe(false);
    expect(timeline.isGap(timeline.EMPTY, entry(3, { from_seq: 1 }))).toBe(false);
    expect(timeline.isGap(timeline.EMPTY, entry(2))).toBe(true);
  });

  test("a number that is left out is noticed; what stands for several is none", () => {
    expect(timeline.isGap(whole, entry(7))).toBe(true);
    expect(timeline.isGap(whole, entry(6))).toBe(false);
    expect(timeline.isGap(whole, entry(9, { from_seq: 6 }))).toBe(false);
  });
});

describe("what is done to messages", () => {
  test("an edit says the text; an older one that comes late does not", () => {
    const edited = timeline.withEntry(whole, alteration(7, "message_edited", 4, { text: "new" }));
    const late = timeline.withEntry(edited, alteration(6, "message_edited", 4, { text: "old" }));

    expect(late.entries.find((each) => each.seq === 4)).toMatchObject({ text: "new", edited: 7 });
  });

  test("what was deleted stays empty, whatever is done to it later", () => {
    const gone = timeline.withEntry(whole, alteration(6, "message_deleted", 4));
    const late = timeline.withEntry(gone, alteration(7, "message_edited", 4, { text: "back" }));

    expect(late.entries.find((each) => each.seq === 4)).toMatchObject({ text: "", deleted: true });
  });

  test("a reaction is counted once for everybody, and goes with the last of them", () => {
    const react = (of: timeline.Timeline, seq: number, kind: string) =>
      timeline.withEntry(of, alteration(seq, kind, 4, { emoji: "👍" }));
    const twice = react(react(whole, 6, "reaction_added"), 6, "reaction_added");

    expect(twice.entries.find((each) => each.seq === 4)?.reactions).toEqual([{ emoji: "👍", user_ids: ["u2"] }]);
    expect(react(twice, 7, "reaction_removed").entries.find((each) => each.seq === 4)?.reactions).toEqual([]);
  });
});

describe("the status of one's own messages", () => {
  const own = entry(5, { sender_id: "u1" });
  const status = (of: timeline.Timeline) => timeline.statusOf(of.marks, own, "u1");

  test("follows from the marks of all others who were there, and never falls below what the page said", () => {
    const one = timeline.withMark(whole, "u2", { received: 5, read: 5 });
    const two = timeline.withMark(one, "u3", { received: 5, read: 0 });
    const later = timeline.withMark(two, "u4", { joined: 6 });

    expect(status(whole)).toBe("unread");
    expect(status(one)).toBe("read");
    expect(status(two)).toBe("received");
    expect(status(later)).toBe("received");
    expect(timeline.statusOf(two.marks, { ...own, status: "read" }, "u1")).toBe("read");
  });

  test("whoever has left or was banned holds nothing back any more", () => {
    const two = timeline.withMark(timeline.withMark(whole, "u2", { received: 5, read: 5 }), "u3", { received: 2 });
    const left = timeline.withThose(two, [
      { user_id: "u1", received: 5, read: 5, joined: 0 },
      { user_id: "u2", received: 4, read: 4, joined: 0 },
    ]);

    expect(status(two)).toBe("unread");
    expect(status(left)).toBe("read");
    expect(Object.keys(left.marks).sort()).toEqual(["u1", "u2"]);
  });

  test("marks never fall", () => {
    const raised = timeline.withMark(timeline.withMark(whole, "u2", { received: 5, read: 5 }), "u2", {
      received: 2,
      read: 1,
    });

    expect(raised.marks.u2).toEqual({ received: 5, read: 5, joined: 0 });
    const past = [entry(2, { sender_id: "u1", recipient_id: "u2", status: "read" })];
    expect(timeline.withOlder(raised, past, null).marks).toBe(raised.marks);
  });
});

describe("what pages say of messages that are here", () => {
  test("a page shows them as they are by now, but brings nothing back that was deleted since", () => {
    const edited = timeline.withOlder(whole, [entry(5, { text: "new", edited: 6 })], "1.3");
    const gone = timeline.withEntry(edited, alteration(7, "message_deleted", 5));
    const late = timeline.withOlder(gone, [entry(5)], "1.3");

    expect(edited.entries.at(-1)).toMatchObject({ text: "new" });
    expect(late.entries.find((each) => each.seq === 5)).toMatchObject({ deleted: true });
  });

  test("that one message was read says it of those before", () => {
    const own = (seq: number, more: Partial<Message>) => entry(seq, { sender_id: "u1", recipient_id: "u2", ...more });
    const first = timeline.withOlder(timeline.EMPTY, [own(2, {}), own(1, {})], null);
    const later = timeline.withNewer(first, [own(3, { status: "read" }), own(4, { status: "received" })]);

    expect(later.entries.map((each) => timeline.statusOf(later.marks, each, "u1"))).toEqual([
      "read",
      "read",
      "read",
      "received",
    ]);
  });
});

describe("what an edit and a deletion for oneself leave", () => {
  const named = entry(1, { mentions: [{ user_id: "u1", offset: 0, length: 3 }] });
  const start = timeline.withOlder(timeline.EMPTY, [named], null);

  test("an edit names those whom it names, and nobody else", () => {
    const mentions = [{ user_id: "u3", offset: 2, length: 2 }];

    expect(timeline.withEntry(start, alteration(2, "message_edited", 1, { text: "a" })).entries[0]).not.toHaveProperty(
      "mentions",
    );
    expect(
      timeline.withEntry(start, alteration(2, "message_edited", 1, { text: "a", mentions })).entries[0],
    ).toMatchObject({
      text: "a",
      mentions,
    });
  });

  test("what was deleted for oneself keeps its number, and nothing else", () => {
    const grown = timeline.withConcealed(timeline.withNewer(start, [entry(2), entry(3)]), [[2, 3]]);

    expect(seqs(grown)).toEqual([1, 2, 3]);
    expect(grown.entries.map((each) => timeline.isShown(each))).toEqual([true, false, false]);
    expect(grown.entries[1]).toMatchObject({ kind: "hidden", text: "", sender_id: "" });
    expect(timeline.isGap(grown, entry(4))).toBe(false);
  });
});

describe("what was numbered by a region that is lost", () => {
  test("goes, with the marks that it had, and what comes in its place is taken in as new", () => {
    const marked = timeline.withMark(whole, "u2", { received: 5, read: 4 });
    const left = timeline.withWithdrawn(marked, 3);

    expect(seqs(left)).toEqual([3]);
    expect(left.marks.u2).toMatchObject({ received: 3, read: 3 });
    expect(left.older).toBe("1.3");
    const anew = timeline.withEntry(left, entry(4, { message_id: "n4", epoch: 2 }));
    expect(anew.entries.map((each) => each.message_id)).toEqual(["m3", "n4"]);
  });

  test("is all that is here: it is read anew", () => {
    expect(timeline.withWithdrawn(whole, 2)).toMatchObject({ entries: [], older: undefined });
  });

  test("is contradicted by the newest page, unless it has come since", () => {
    const seen = timeline.withOlder(timeline.EMPTY, page(5, 4, 3, 2), null);
    const newest = [entry(3, { message_id: "n3", epoch: 2 }), entry(2)];

    expect(seqs(timeline.withoutWithdrawn(seen, newest))).toEqual([2, 3]);
    const later = timeline.withEntry(timeline.withoutWithdrawn(seen, newest), entry(4, { epoch: 2 }));
    expect(timeline.withoutWithdrawn(later, newest)).toBe(later);
    expect(timeline.withoutWithdrawn(seen, page(4, 3))).toBe(seen);
  });

  test("is not taken along when more has been numbered since than a page holds", () => {
    const kept = timeline.withOlder(timeline.EMPTY, page(5, 4, 3, 2), null);

    expect(timeline.joins(kept, page(8, 7, 6))).toBe(true);
    expect(timeline.joins(kept, page(7, 6, 5, 4))).toBe(true);
    expect(timeline.joins(kept, page(8, 7))).toBe(false);
    expect(timeline.joins(kept, [entry(7, { epoch: 2 }), entry(6, { epoch: 2 })])).toBe(false);
    expect(timeline.joins(kept, [entry(5, { epoch: 2 }), entry(4, { epoch: 2 })])).toBe(false);
    expect(timeline.joins(kept, [entry(6, { epoch: 2 }), entry(5)])).toBe(true);
    expect(timeline.joins(timeline.EMPTY, page(1))).toBe(false);
    expect(timeline.joins(kept, [])).toBe(false);
  });

  test("gives its number to another message, whatever had become of it", () => {
    const deleted = timeline.withEntry(whole, alteration(6, "message_deleted", 5));
    const anew = timeline.withOlder(deleted, [entry(5, { message_id: "n5", epoch: 2 })], null);

    expect(anew.entries.find((each) => each.seq === 5)).toMatchObject({ message_id: "n5", text: "text 5" });
  });
});
