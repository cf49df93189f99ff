/** The conversation on the screen: opened as soon as it can be, kept whole, and marked as read while it is looked at. */

import { withRead } from "../core/inbox";
import type { Link } from "../io/link";
import { catchUp, forgetEnd, isOpen, open } from "./history";
import { attend as attendFriend } from "./signs";
import { get, set } from "./store";

const AGAIN_MS = 5_000;

let link: Link | null = null;
let id: string | null = null;
let atEnd = true;
let timer: ReturnType<typeof setTimeout> | undefined;

export function speakOver(of: Link | null): void {
  link = of;
}

export function watched(): string | null {
  return id;
}

/** The conversation that is on the screen, if any; it is opened, and read while it is looked at. */
export function look(at: string | null): void {
  id = at;
  atEnd = true;
  attendFriend(at);
  if (at !== null) read(at);
}

/** After a connection: what could not be read before is now. */
export function lookAgain(): void {
  look(id);
}

/** Open a conversation if it is the one on the screen, and is not open yet: it may be readable only by now. */
export function attend(which: string): void {
  if (which === id && !isOpen(which)) read(which);
}

/** What is on the screen may have come into being without an entry that was told here. */
export function attendListed(): void {
  if (id !== null && get().inbox[id] !== undefined) attend(id);
}

/** Read it; and again after a while, if the region could not tell. What there is not, or not for oneself, waits for its entry. */
function read(which: string): void {
  clearTimeout(timer);
  void open(which).then((end) => {
    if (which !== id) return;
    if (end === "done") seen(which);
    // After a connection it is looked at anyway.
    if (end === "failed") timer = setTimeout(() => get().standing.at === "online" && attend(which), AGAIN_MS);
  });
}

/** What is here may lack something: the one on the screen is caught up, the others are when they are opened. */
export function stale(which: string): void {
  if (which !== id) forgetEnd(which);
  else if (!isOpen(which)) read(which);
  else
    void catchUp(which).then((end) => {
      if (end !== "done") forgetEnd(which);
      if (which === id) read(which);
    });
}

/** Whether the newest message of it is in view; what comes is read only then. */
export function standAtEnd(which: string, end: boolean): void {
  atEnd = end;
  if (end) seen(which);
}

export function isAtEnd(which: string): boolean {
  return which === id && atEnd;
}

/** Mark as read what is on the screen. */
export function seen(which: string): void {
  const conversation = get().inbox[which];
  if (which !== id || document.visibilityState !== "visible" || conversation === undefined) return;
  const { head, epoch, read: before, unread } = conversation;
  if (head === 0 || (before >= head && unread === 0)) return;
  if (!link?.say({ type: "read", conversation_id: which, seq: head, epoch })) return;
  set((state) => ({ inbox: withRead(state.inbox, which, head, 0) }));
}
