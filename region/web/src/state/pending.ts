/** One's own messages that wait for another region, as far as they are in no outbox of this device. */

import { isMessage } from "../core/timeline";
import type { Message } from "../core/types";
import { get, set } from "./store";

/** Add one; an edit, a reaction or a pin that waits has no place of its own on the screen. */
export function add(message: Message): void {
  if (!isMessage(message)) return;
  const id = message.conversation_id;
  const others = (get().pending[id] ?? []).filter((each) => each.message_id !== message.message_id);
  set((state) => ({ pending: { ...state.pending, [id]: [...others, message] } }));
}

/** Take one away, since it has its outcome. */
export function drop(id: string, messageId: string): void {
  const before = get().pending[id];
  if (!before?.some((each) => each.message_id === messageId)) return;
  const left = before.filter((each) => each.message_id !== messageId);
  set((state) => ({ pending: { ...state.pending, [id]: left } }));
}

/** Take in which of a page wait. */
export function setFrom(id: string, page: readonly Message[]): void {
  const own = new Set(get().outbox.map((item) => item.clientMessageId));
  const waiting = page.filter((each) => each.seq === null && isMessage(each) && !own.has(each.client_message_id ?? ""));
  set((state) => ({ pending: { ...state.pending, [id]: waiting.reverse() } }));
}
