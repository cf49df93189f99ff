/** How much this browser keeps, and how that is cleared; never the session, and nothing that was not sent yet. */

import { database } from "./database";
import { countImages, dropImages } from "./images";

export interface Usage {
  conversations: number;
  messages: number;
  people: number;
  images: number;
  outbox: number;
  /** Bytes of all that this origin keeps, the app itself included; null where the browser does not tell. */
  bytes: number | null;
  /** Whether the browser has promised to clear nothing by itself; null where it promises nothing. */
  lasting: boolean | null;
}

export async function usage(): Promise<Usage> {
  const kept = await database();
  const reading = kept.transaction(["seen", "people", "outbox"]);
  let conversations = 0;
  let messages = 0;
  for (let at = await reading.objectStore("seen").openCursor(); at !== null; at = await at.continue()) {
    conversations += 1;
    messages += at.value.entries.length;
  }
  const people = await reading.objectStore("people").count();
  const outbox = await reading.objectStore("outbox").count();
  const { storage } = navigator as { storage?: StorageManager };
  const bytes = (await storage?.estimate())?.usage ?? null;
  const images = await countImages();
  return { conversations, messages, people, images, outbox, bytes, lasting: (await storage?.persisted()) ?? null };
}

/** Throw away what was seen: histories, images, profiles, the list. */
export async function clearSeen(): Promise<void> {
  const clearing = (await database()).transaction(["seen", "people", "single"], "readwrite");
  await clearing.objectStore("seen").clear();
  await clearing.objectStore("people").clear();
  await clearing.objectStore("single").delete("inbox");
  await clearing.done;
  await dropImages();
}

/** Ask the browser to keep it even when the disk is full; return whether it promised. */
export async function persist(): Promise<boolean> {
  return navigator.storage.persist();
}
