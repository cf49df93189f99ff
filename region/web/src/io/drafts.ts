/** What is typed and not sent, kept at each keystroke: in localStorage, which is written before the page can go away; and up to where the region has it. */

import { account } from "./database";

const DRAFT = "draft";
const SAME = "same-draft";
const prefix = (what: string) => `causeway.${what}.${account()}.`;

export const readDrafts = () => read(DRAFT);
export const writeDraft = (id: string, text: string) => write(DRAFT, id, text);

/** Return what was the same here and at the region when it last was, by conversation; where there was nothing, nothing stands. */
export const readSame = () => read(SAME);
export const writeSame = (id: string, text: string) => write(SAME, id, text);

export function forgetDrafts(): void {
  for (const what of [DRAFT, SAME]) for (const id of Object.keys(read(what))) write(what, id, "");
}

function read(what: string): Record<string, string> {
  const names = Object.keys(localStorage).filter((name) => name.startsWith(prefix(what)));
  return Object.fromEntries(names.map((name) => [name.slice(prefix(what).length), localStorage.getItem(name) ?? ""]));
}

function write(what: string, id: string, text: string): void {
  if (text === "") localStorage.removeItem(prefix(what) + id);
  else localStorage.setItem(prefix(what) + id, text);
}
