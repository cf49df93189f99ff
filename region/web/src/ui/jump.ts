/** Goes to a message: within what is loaded, or to a page around it. */

import { useLocation } from "wouter";
import { around, epochAt } from "../core/pins";
import { get, set } from "../state/store";

export function useJump(id: string): (messageId: string, seq: number) => void {
  const [path, go] = useLocation();
  return (messageId, seq) => {
    const entries = get().timelines[id]?.entries ?? [];
    if (entries.some((each) => each.message_id === messageId)) {
      set({ sought: { id, messageId } });
      if (path !== `/c/${id}`) go(`/c/${id}`);
      return;
    }
    const { before, after } = around(epochAt(entries, seq), seq);
    go(`/c/${[id, "at", before, after].map(encodeURIComponent).join("/")}`);
  };
}
