/** What is typed and not sent: on the screen at once, in the browser's database a moment later. */

import { database } from "../io/database";
import { set } from "./store";

const LATER_MS = 200;
const waiting = new Map<string, string>();
let timer: ReturnType<typeof setTimeout> | undefined;

export function keepDraft(id: string, text: string): void {
  set((state) => {
    const { [id]: _, ...others } = state.drafts;
    return { drafts: text === "" ? others : { ...others, [id]: text } };
  });
  waiting.set(id, text);
  clearTimeout(timer);
  timer = setTimeout(() => void flush(), LATER_MS);
}

async function flush(): Promise<void> {
  const now = [...waiting];
  waiting.clear();
  const kept = await database();
  await Promise.all(now.map(([id, text]) => (text === "" ? kept.delete("drafts", id) : kept.put("drafts", text, id))));
}

// A page that is put away may never come back.
if (typeof document !== "undefined") {
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") void flush();
  });
  addEventListener("pagehide", () => void flush());
}
