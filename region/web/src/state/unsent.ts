/** What whoever logs out would lose: messages and files that wait in this browser, whichever tab they were written in. */

import { database } from "../io/database";
import { get } from "./store";

/** Return how many there are. Where what is kept cannot be read, what this tab has counts. */
export async function unsent(): Promise<number> {
  const { outbox, files } = get();
  const here = Object.values(files).flat();
  const names = new Set([...outbox.map(({ clientMessageId }) => clientMessageId), ...here.map(({ key }) => key)]);
  const keys = (kind: "outbox" | "files") => database().then((kept) => kept.getAllKeys(kind));
  for (const kept of await Promise.allSettled([keys("outbox"), keys("files")])) {
    if (kept.status === "fulfilled") for (const name of kept.value) names.add(name);
  }
  return names.size;
}
