/** What is typed and not sent, kept at each keystroke: in localStorage, which is written before the page can go away. */

import { account } from "./database";

const prefix = () => `causeway.draft.${account()}.`;

export function readDrafts(): Record<string, string> {
  const names = Object.keys(localStorage).filter((name) => name.startsWith(prefix()));
  return Object.fromEntries(names.map((name) => [name.slice(prefix().length), localStorage.getItem(name) ?? ""]));
}

export function writeDraft(id: string, text: string): void {
  if (text === "") localStorage.removeItem(prefix() + id);
  else localStorage.setItem(prefix() + id, text);
}

export function forgetDrafts(): void {
  for (const id of Object.keys(readDrafts())) writeDraft(id, "");
}
