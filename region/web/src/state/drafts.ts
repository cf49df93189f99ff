/** What is typed and not sent, on the screen and in the browser. */

import { writeDraft } from "../io/drafts";
import { set } from "./store";

export function keepDraft(id: string, text: string): void {
  writeDraft(id, text);
  set((state) => {
    const { [id]: _, ...others } = state.drafts;
    return { drafts: text === "" ? others : { ...others, [id]: text } };
  });
}
