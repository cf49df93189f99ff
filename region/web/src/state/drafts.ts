/** What is typed and not sent: on the screen, in the browser, and a moment later on one's other devices. */

import { writeDraft } from "../io/drafts";
import { get, set } from "./store";

export function keepDraft(id: string, text: string): void {
  putDraft(id, text);
  drafting((part) => part.sendSoon(id));
}

/** Show and keep a draft, without telling it to anybody. */
export function putDraft(id: string, text: string): void {
  writeDraft(id, text);
  set((state) => {
    const { [id]: _, ...others } = state.drafts;
    return { drafts: text === "" ? others : { ...others, [id]: text } };
  });
}

/** Take in what the region has of these conversations' drafts, where that is something else than what is here. */
export function compareDrafts(ids: readonly string[]): void {
  const differ = ids.filter((id) => {
    const wanted = get().inbox[id]?.preferences;
    return (wanted === undefined ? "" : wanted.draft) !== (get().drafts[id] ?? "");
  });
  if (differ.length > 0) drafting((part) => differ.forEach(part.reconcile));
}

/** Two texts are seldom different: what makes them the same comes when they are. */
function drafting(work: (part: typeof import("./drafting")) => void): void {
  import("./drafting").then(work, () => {}); // they stay as they are, and are compared again
}
