/** What is pinned in a conversation: who may pin, when the list has changed, and where a pinned message stands. Pure. */

import type { Timeline } from "./timeline";
import type { Message } from "./types";

const CHANGES = new Set(["message_pinned", "message_unpinned", "message_deleted"]);

/** Whether somebody of that role may pin and unpin in the conversation. */
export function mayPin(id: string, role: string): boolean {
  if (id.startsWith("d")) return true;
  return role === "owner" || role === (id.startsWith("c") ? "poster" : "admin");
}

/** The number of the last entry here by which the list may have become another one; 0 for none. */
export function pinsChangedAt(timeline: Timeline): number {
  return timeline.entries.findLast((entry) => CHANGES.has(entry.kind))?.seq ?? 0;
}

/** Where to read what stands around an entry: pages that go back from it, itself included, and on behind it. */
export function around(epoch: number, seq: number): { before: string; after: string } {
  return { before: `${epoch}.${seq + 1}`, after: `${epoch}.${seq}` };
}

/** The epoch in which an entry was numbered, as far as the entries that are here tell. */
export function epochAt(entries: readonly Message[], seq: number): number {
  return (entries.find((entry) => (entry.seq ?? 0) >= seq && entry.epoch > 0) ?? entries.at(-1))?.epoch ?? 1;
}
