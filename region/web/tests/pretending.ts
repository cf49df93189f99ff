/** What a page needs to run without a browser: what the browser gives it, and a region that answers as a test says. */

import { vi } from "vitest";
import type { Message } from "../src/core/types";

type Answer = { [field: string]: unknown };

export interface PretendedRegion {
  /** The paths that were asked for, in order. */
  asked: string[];
  /** Path to what is answered to a query; a `status` in it is the answer's. Nobody answers for other paths. */
  answers: Record<string, (query: URLSearchParams) => Answer>;
}

/** Be a page that this region has served. */
export function pretend(region: string): PretendedRegion {
  const pretended: PretendedRegion = { asked: [], answers: {} };
  vi.stubGlobal("location", { origin: `https://${region}.example.org` });
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => {} });
  vi.stubGlobal("document", { visibilityState: "visible" });
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("fetch", async (address: string) => {
    const { pathname, searchParams } = new URL(address);
    pretended.asked.push(pathname);
    const answer = pretended.answers[pathname]?.(searchParams);
    if (answer === undefined) throw new TypeError("no network");
    return new Response(JSON.stringify(answer), { status: typeof answer.status === "number" ? answer.status : 200 });
  });
  return pretended;
}

/** A localStorage that holds just this, and lists it as a browser's does. */
export function pretendStorage(kept: Map<string, string>): void {
  const calls: Readonly<Record<string, unknown>> = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
    removeItem: (name: string) => kept.delete(name),
  };
  const storage = {
    ownKeys: () => [...kept.keys()],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
    get: (_: object, name: string | symbol) => calls[String(name)],
  };
  vi.stubGlobal("localStorage", new Proxy({}, storage));
}

const KINDS: Readonly<Record<string, string>> = { c: "channel_message_sent", g: "group_message_sent" };

/** Return what makes entries of a conversation: messages of somebody else, unless it is said otherwise. */
export function entriesOf(conversationId: string): (seq: number | null, more?: Partial<Message>) => Message {
  return (seq, more = {}) => ({
    message_id: `m${seq}`,
    conversation_id: conversationId,
    sender_id: "u2-us",
    kind: KINDS[conversationId[0] ?? ""] ?? "message_sent",
    text: `text ${seq}`,
    seq,
    epoch: 1,
    status: "unread",
    sent_at: "2026-11-26T10:00:00.000Z",
    queued_for: null,
    ...more,
  });
}

/** Have the browser do this, once, where it is to throw away what is kept of an account; its images go as ever. */
export function insteadOfForgetting(how: () => IDBOpenDBRequest): void {
  const really = indexedDB.deleteDatabase.bind(indexedDB);
  let times = 1;
  vi.spyOn(indexedDB, "deleteDatabase").mockImplementation((name) =>
    !name.startsWith("causeway.images.") && times-- > 0 ? how() : really(name),
  );
}
