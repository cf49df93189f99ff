/** What this browser keeps: the outbox, what was seen lately, and the session, sealed. One database for whoever is logged in. */

import { type DBSchema, deleteDB, type IDBPDatabase, openDB } from "idb";
import type { Item } from "../core/outbox";
import type { Timeline } from "../core/timeline";
import type { Conversation, Message, Profile } from "../core/types";

import { forgetDrafts } from "./drafts";

const NAME = "causeway";
const VERSION = 1;

/** What was seen of a conversation, for when there is no network. */
export interface Seen {
  entries: readonly Message[];
  marks: Timeline["marks"];
}

interface Kept extends DBSchema {
  outbox: { key: string; value: Item };
  seen: { key: string; value: Seen };
  people: { key: string; value: Profile };
  single: { key: string; value: unknown };
}

let opening: Promise<IDBPDatabase<Kept>> | null = null;

export function database(): Promise<IDBPDatabase<Kept>> {
  opening ??= openDB<Kept>(NAME, VERSION, {
    upgrade(found) {
      found.createObjectStore("outbox", { keyPath: "clientMessageId" });
      found.createObjectStore("seen");
      found.createObjectStore("people", { keyPath: "user_id" });
      found.createObjectStore("single");
    },
    blocking(_current, _wanted, event) {
      // Another tab logs out, and throws the database away: it must not wait for this one.
      (event.target as IDBDatabase).close();
      opening = null;
    },
    terminated() {
      opening = null;
    },
  });
  return opening;
}

export async function readInbox(): Promise<Conversation[]> {
  return ((await (await database()).get("single", "inbox")) as Conversation[] | undefined) ?? [];
}

export async function keepInbox(conversations: readonly Conversation[]): Promise<void> {
  await (await database()).put("single", conversations, "inbox");
}

/** Throw everything away, when somebody logs out. */
export async function forgetEverything(): Promise<void> {
  const open = await opening?.catch(() => null);
  open?.close();
  opening = null;
  forgetDrafts();
  await deleteDB(NAME);
}
