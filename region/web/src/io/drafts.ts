/** What is typed and not sent, kept at each keystroke: in localStorage, which is written before the page can go away; and up to where the region has it. */

import { type Purpose, purposeOf } from "../core/drafts";
import { account } from "./database";

const DRAFT = "draft";
const SAME = "same-draft";
const PURPOSE = "purpose";
const EDIT = "edit";
const prefix = (what: string, of = account()) => `causeway.${what}.${of}.`;

export const readDrafts = () => read(DRAFT);
export const writeDraft = (id: string, text: string) => write(DRAFT, id, text);

/** Return what was the same here and at the region when it last was, by conversation; where there was nothing, nothing stands. */
export const readSame = () => read(SAME);
export const writeSame = (id: string, text: string) => write(SAME, id, text);

/** Return what the next text of a conversation is for; in this browser alone. */
export const readPurpose = (id: string): Purpose => purposeOf(one(PURPOSE, id));
export const writePurpose = (id: string, purpose: Purpose) =>
  write(PURPOSE, id, purpose.kind === "write" ? "" : JSON.stringify(purpose));

/** Return how far the edit of a message is; empty if none is under way. In this browser alone. */
export const readEdit = (messageId: string): string => one(EDIT, messageId);
export const writeEdit = (messageId: string, text: string) => write(EDIT, messageId, text);

/** Throw away all of an account, when it is logged out. */
export function forgetDrafts(userId: string): void {
  const prefixes = [DRAFT, SAME, PURPOSE, EDIT].map((what) => prefix(what, userId));
  for (const name of Object.keys(localStorage)) {
    if (prefixes.some((each) => name.startsWith(each))) localStorage.removeItem(name);
  }
}

function one(what: string, id: string): string {
  return localStorage.getItem(prefix(what) + id) ?? "";
}

function read(what: string): Record<string, string> {
  const names = Object.keys(localStorage).filter((name) => name.startsWith(prefix(what)));
  return Object.fromEntries(names.map((name) => [name.slice(prefix(what).length), localStorage.getItem(name) ?? ""]));
}

function write(what: string, id: string, text: string): void {
  if (account() === "") return; // whoever typed it has left, and what they had is thrown away
  if (text === "") localStorage.removeItem(prefix(what) + id);
  else localStorage.setItem(prefix(what) + id, text);
}
