/** Drafts: which text counts where several devices differ, and what a text that is under way is for. Pure. */

import type { Message } from "./types";

/** What the next text of a conversation is for. */
export type Purpose = { kind: "write" } | { kind: "reply"; to: Message } | { kind: "edit"; of: Message };

export const WRITE: Purpose = { kind: "write" };

/**
 * Return the text that counts.
 *
 * @param here What stands here.
 * @param same What stood both here and at the region when they were the same last.
 * @param there What the region has now, from another device perhaps.
 */
export function counting(here: string, same: string, there: string): string {
  return here === same ? there : here; // what was typed here since is not taken out of one's hands
}

/** Return what was kept as JSON; what cannot be read is for nothing but to be written. */
export function purposeOf(kept: string): Purpose {
  try {
    const found = JSON.parse(kept) as Partial<Record<string, Message>> | null;
    if (found?.to?.message_id) return { kind: "reply", to: found.to };
    if (found?.of?.message_id) return { kind: "edit", of: found.of };
  } catch {
    // An older or a newer app kept it in another way.
  }
  return WRITE;
}
