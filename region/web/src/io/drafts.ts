/** What is typed and not sent, kept at each keystroke: in localStorage, which is written before the page can go away. */

const PREFIX = "causeway.draft.";

export function readDrafts(): Record<string, string> {
  const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
  return Object.fromEntries(names.map((name) => [name.slice(PREFIX.length), localStorage.getItem(name) ?? ""]));
}

export function writeDraft(id: string, text: string): void {
  if (text === "") localStorage.removeItem(PREFIX + id);
  else localStorage.setItem(PREFIX + id, text);
}

export function forgetDrafts(): void {
  for (const id of Object.keys(readDrafts())) writeDraft(id, "");
}
