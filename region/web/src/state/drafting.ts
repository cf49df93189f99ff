/** Drafts on one's other devices: what was typed here is told a moment later, what was typed there is shown here, unless one types. */

import { counting } from "../core/drafts";
import { withPreferences } from "../core/inbox";
import { api, got } from "../io/api";
import { readSame, writeSame } from "../io/drafts";
import { putDraft } from "./drafts";
import { prefer } from "./preferring";
import { get, set, useStore } from "./store";

const PAUSE_MS = 2_000;

/** What waits to be told, by conversation. */
const waiting = new Map<string, ReturnType<typeof setTimeout>>();
/** What is being told: one text after the other, so that they arrive in their order. */
const telling = new Set<string>();

const here = (id: string) => get().drafts[id] ?? "";
const same = (id: string) => readSame()[id] ?? "";

/** Tell what is typed here, once nothing more is typed for a moment. */
export function sendSoon(id: string, afterMs = PAUSE_MS): void {
  clearTimeout(waiting.get(id));
  waiting.set(
    id,
    setTimeout(() => void send(id), afterMs),
  );
}

async function send(id: string): Promise<void> {
  waiting.delete(id);
  if (telling.has(id) || get().phase !== "in") return;
  const draft = here(id);
  if (draft === same(id)) return;
  telling.add(id);
  try {
    await prefer(id, { draft });
    writeSame(id, draft);
  } catch {
    return; // after a connection, or with the next letter
  } finally {
    telling.delete(id);
  }
  reconcile(id);
}

/** Make what is here and what the region has the same. While something waits to be told, what the region says is already old. */
export function reconcile(id: string): void {
  const conversation = get().inbox[id];
  if (conversation === undefined || waiting.has(id) || telling.has(id)) return;
  const there = conversation.preferences === undefined ? "" : conversation.preferences.draft;
  if (there === null) {
    void ask(id);
    return;
  }
  const counts = counting(here(id), same(id), there);
  writeSame(id, there);
  if (counts !== here(id)) putDraft(id, counts);
  if (counts !== there) sendSoon(id);
}

/** A draft that had no room in what was told. */
async function ask(id: string): Promise<void> {
  const params = { path: { conversation_id: id } };
  const asked = api.GET("/conversations/{conversation_id}/preferences", { params });
  const found = await got(asked).catch(() => null); // it is compared again with the next list
  if (found === null || found.draft === null) return;
  set((state) => ({ inbox: withPreferences(state.inbox, id, found) }));
  reconcile(id);
}

/** What was not told yet is, once there is a connection. */
useStore.subscribe((now, before) => {
  if (now.standing.at !== "online" || before.standing.at === "online") return;
  for (const id of new Set([...Object.keys(now.drafts), ...Object.keys(readSame())])) {
    if (here(id) !== same(id)) sendSoon(id, 0);
  }
});

/** Whoever looks away may go on at another device. */
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") for (const id of [...waiting.keys()]) sendSoon(id, 0);
});
