/** How a message of one's own looks at each stage of its way: what the region has said is what stands on the screen, and nothing else. */

import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { beforeEach, expect, test, vi } from "vitest";
import type { StateCreator } from "zustand";
import type { DeviceFrame, Message, RegionFrame } from "../src/core/types";
import type { Link } from "../src/io/link";
import { entriesOf, pretend } from "./pretending";

vi.mock("../src/io/session", () => ({ access: async () => "token" }));
// What is rendered outside of a browser shows the store as it is, not as it was at first.
vi.mock("zustand", async () => {
  const { createStore } = await import("zustand/vanilla");
  return {
    create: (begin: StateCreator<object>) => {
      const store = createStore(begin);
      return Object.assign((of: (state: object) => unknown) => of(store.getState()), store);
    },
  };
});

// Rows are looked at one by one, and not the list that lays them out, which wants a browser.
vi.mock("react-virtuoso", () => ({ Virtuoso: () => null }));

const TALK = "d1-us";
const ME = "u1-us";
const PEER = "u2-eu";
const entry = entriesOf(TALK);

let incoming: typeof import("../src/state/incoming");
let outgoing: typeof import("../src/state/outgoing");
let store: typeof import("../src/state/store");
let said: DeviceFrame[];
let name: string;

beforeEach(async () => {
  vi.resetModules();
  vi.stubGlobal("indexedDB", new IDBFactory());
  const { answers } = pretend("us");
  vi.stubGlobal("location", { origin: "https://us.example.org", pathname: "/web/", search: "" });
  vi.stubGlobal("navigator", { onLine: true, languages: ["en"] });
  answers["/conversations"] = () => ({ conversations: [], next: null });
  (await import("../src/io/database")).belongTo(ME);
  incoming = await import("../src/state/incoming");
  outgoing = await import("../src/state/outgoing");
  store = await import("../src/state/store");
  await (await import("../src/words")).withMore(Promise.resolve());
  said = [];
  incoming.speakOver({ say: (frame: DeviceFrame) => said.push(frame) > 0 } as unknown as Link);
  store.set({
    phase: "in",
    me: { user_id: ME, home_region: "us" } as ReturnType<typeof store.get>["me"],
    standing: { at: "online", place: "https://us.example.org" },
  });
  store.setTimeline(TALK, { entries: [entry(1, { sender_id: PEER })], older: null, marks: {} });
  await outgoing.write({ conversationId: TALK, recipientId: PEER, text: "Hello", replyTo: null, attachments: [] });
  name = store.get().outbox[0]?.clientMessageId ?? "";
});

const tell = (frame: object) => incoming.take(frame as RegionFrame);
const mine = (seq: number | null, more: Partial<Message> = {}) =>
  entry(seq, { message_id: "m-mine", sender_id: ME, text: "Hello", client_message_id: name, ...more });
const marks = (how: object) => tell({ type: "marks", conversation_id: TALK, user_id: PEER, epoch: 1, ...how });
const accept = () =>
  tell({ type: "accepted", client_message_id: name, message_id: "m-mine", conversation_id: TALK, hops: [] });
const enter = () => tell({ type: "entry", message: mine(2), hops: [] });

interface Shown {
  state: string | undefined;
  label: string | undefined;
  /** Whether it looks as if it were in the log for good. */
  settled: boolean;
  buttons: string[];
}

/** Return how the message stands on the screen: once, whatever there is of it. */
async function shown(): Promise<Shown> {
  const [{ HistoryRow }, { rowsOf }] = await Promise.all([import("../src/ui/HistoryRow"), import("../src/core/rows")]);
  const { outbox, pending } = store.get();
  const { entries } = store.timelineOf(TALK);
  const rows = rowsOf({ entries, pending: pending[TALK] ?? [], outbox, me: ME, unread: [0, 0] });
  const all = rows.map((row) => renderToStaticMarkup(createElement(HistoryRow, { id: TALK, row, found: false })));
  const own = all.filter((html) => html.includes('data-own="true"'));
  expect(own.length).toBe(1);
  const html = own[0] ?? "";
  expect(html).toContain(">Hello<");
  expect(html.match(/data-state=/g)).toHaveLength(1);
  return {
    state: /data-state="(\w+)"/.exec(html)?.[1],
    label: /data-state="\w+" title="([^"]*)"/.exec(html)?.[1],
    settled: html.includes('data-provisional="false"') && !html.includes('data-down="true"'),
    buttons: [...html.matchAll(/<button[^>]*class="plain"[^>]*>([^<]*)</g)].map(([, text]) => text ?? ""),
  };
}

const way = (state: string, label: string) => ({ state, label, settled: false, buttons: [] });
const there = (state: string, label: string) => ({ state, label, settled: true, buttons: [] });

test("from its first moment until it is read it is shown as what the region has said of it last", async () => {
  expect(await shown()).toEqual(way("sending", "Sending"));

  accept();
  expect(await shown()).toEqual(way("accepted", "Accepted: it cannot be lost any more"));

  tell({ type: "pending", message: mine(null, { queued_for: "eu" }) });
  expect(await shown()).toEqual(way("queued", "Queued for eu"));

  enter();
  expect(await shown()).toEqual(there("sent", "Sent"));

  marks({ received: 2, read: 1 });
  expect(await shown()).toEqual(there("received", "Received"));

  marks({ received: 2, read: 2 });
  expect(await shown()).toEqual(there("read", "Read"));
});

test("what an older mark says does not take back what is known already", async () => {
  accept();
  enter();
  marks({ received: 2, read: 2 });
  marks({ received: 1, read: 0 });

  expect(await shown()).toEqual(there("read", "Read"));
});

test("without a connection it is said to wait for one, and not to be on its way", async () => {
  store.set({ standing: { at: "off" } });

  expect(await shown()).toEqual(way("sending", "Waiting for a connection"));
});

test("what waits at home for another region, and was written elsewhere, is queued as well", async () => {
  await outgoing.discard(name);
  tell({ type: "pending", message: mine(null, { client_message_id: "elsewhere", queued_for: "eu" }) });

  expect(await shown()).toMatchObject({ state: "queued", label: "Queued for eu" });
});

test("numbered and not accepted yet it is provisional: it could be numbered anew", async () => {
  enter();
  expect(await shown()).toEqual(way("provisional", "Sent; the standby of your region does not have it yet"));
  marks({ received: 2, read: 2 });
  expect(await shown()).toEqual(way("provisional", "Sent; the standby of your region does not have it yet"));

  accept();
  expect(await shown()).toEqual(there("read", "Read"));
});

test("while the region is too busy it waits, and is sent again by itself: nobody has to do anything", async () => {
  const busy = { code: "busy", status: 503, definite: true, detail: "busy", retry_after: 60 };
  tell({ type: "error", client_message_id: name, ...busy });

  expect(await shown()).toEqual(way("waiting", "The region is busy. It is tried again by itself."));
});

const CHOICE = ["Send again", "Throw away"];
const down = (state: string, label: string) => ({ state, label, settled: false, buttons: CHOICE });
const refusal = (more: object) => ({ type: "refused", client_message_id: name, conversation_id: TALK, ...more });

test("refused it says why, and lets one choose; a reason that is not in the catalogue is the region's own", async () => {
  accept();
  tell(refusal({ message_id: "m-mine", code: "friends-only", detail: "no" }));
  expect(await shown()).toEqual(down("refused", "Refused: They take first messages from friends only."));

  await outgoing.retry(name);
  name = store.get().outbox[0]?.clientMessageId ?? "";
  expect(await shown()).toEqual(way("sending", "Sending"));
  tell(refusal({ message_id: "m-next", code: "of-tomorrow", detail: "Not today." }));
  expect(await shown()).toEqual(down("refused", "Refused: Not today."));
});

test("what could not be taken as it is has failed, says why, and is sent again by whoever wants that", async () => {
  tell({ type: "error", client_message_id: name, code: "too-large", status: 413, definite: true, detail: "long" });
  expect(await shown()).toEqual(down("failed", "Not sent: This is too large."));

  await outgoing.retry(name);
  expect(await shown()).toEqual(way("sending", "Sending"));
  expect(said.filter((frame) => frame.type === "send").length).toBe(2);
});

test("a channel tells nobody who has read it: it is sent, and stays so", async () => {
  const { ofStatus } = await import("../src/core/delivery");
  const { DeliveryMark } = await import("../src/ui/DeliveryMark");
  const html = renderToStaticMarkup(createElement(DeliveryMark, { delivery: ofStatus("read", true) }));

  expect(html).toContain('data-state="sent" title="Sent"');
});
