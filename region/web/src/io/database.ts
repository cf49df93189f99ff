/** What this browser keeps: for each account the outbox and what was seen lately; and for all its tabs the session, sealed. */

import { type DBSchema, deleteDB, type IDBPDatabase, openDB } from "idb";
import type { Item } from "../core/outbox";
import type { Timeline } from "../core/timeline";
import type { Conversation, Message, Profile } from "../core/types";
import { hasLeft } from "./tabs";

const VAULT = "causeway";
const VERSION = 2;
/** How long a database is waited for: one that is being thrown away opens only when each tab has let go of it, and tabs that sleep do not. */
const OPENING_MS = 10_000;

/** What was seen of a conversation, for when there is no network. */
export interface Seen {
  entries: readonly Message[];
  marks: Timeline["marks"];
}

/** A file that goes with a message which is not sent yet; its bytes are kept apart. */
export interface KeptFile {
  key: string;
  conversationId: string;
  name: string;
  /** When it was chosen, milliseconds. */
  at: number;
  paused: boolean;
  /** What the region calls it; null before it was announced there. */
  blobId: string | null;
}

interface Kept extends DBSchema {
  outbox: { key: string; value: Item };
  seen: { key: string; value: Seen };
  people: { key: string; value: Profile };
  files: { key: string; value: KeptFile };
  bytes: { key: string; value: Blob };
  single: { key: string; value: unknown };
}

const opened = new Map<string, Promise<IDBPDatabase<Kept>>>();
let owner = "";
let device = "";
/** Whether whoever was here has left: for good. */
let left = false;
let onGone: () => void = () => {};

/**
 * Keep from now on what is kept for this account. A page keeps things for one account, and for nobody after it: what is still under way
 * when that leaves (a request, a file, a text just sent) can so never become another one's.
 */
export function belongTo(userId: string, deviceId = ""): void {
  if (left || (owner !== "" && owner !== userId)) {
    throw new DOMException("Somebody else was in this page: it is to be loaded anew.", "InvalidStateError");
  }
  owner = userId;
  device = deviceId;
}

/** Let go of what is kept of the account, and keep nothing more: what is still under way brings nothing back. */
export function letGo(): void {
  left = true;
  const name = nameOf(owner);
  void opened.get(name)?.then(
    (kept) => kept.close(),
    () => {}, // it was never open
  );
  opened.delete(name);
}

/** Whose things are kept now; empty when nobody's are: also from when another tab has logged them out, though this one was not told yet. */
export function account(): string {
  return left || hasLeft(device) ? "" : owner;
}

/** Who is told when another tab has thrown away what this one uses. */
export function whenGone(tell: () => void): void {
  onGone = tell;
}

/** What is kept of the account; of one that has left, nothing can be had. */
export async function database(): Promise<IDBPDatabase<Kept>> {
  if (left || hasLeft(device)) throw new DOMException("Whoever was here has left.", "InvalidStateError");
  return open(nameOf(owner));
}

/** Where the session rests, whoever's it is. */
export async function vault(): Promise<IDBPDatabase<Kept>> {
  return open(VAULT);
}

function nameOf(userId: string): string {
  return `${VAULT}.${userId}`;
}

function open(name: string): Promise<IDBPDatabase<Kept>> {
  const before = opened.get(name);
  if (before !== undefined) return before;
  if (!globalThis.indexedDB) throw new DOMException("There is no IndexedDB here.", "NotSupportedError");
  const opens = openDB<Kept>(name, VERSION, {
    upgrade(found, before) {
      if (before < 1) {
        found.createObjectStore("outbox", { keyPath: "clientMessageId" });
        found.createObjectStore("seen");
        found.createObjectStore("people", { keyPath: "user_id" });
        found.createObjectStore("single");
      }
      found.createObjectStore("files", { keyPath: "key" });
      found.createObjectStore("bytes");
    },
    blocking(_current, wanted, event) {
      // Another tab logs out, and throws the database away: it must not wait for this one.
      (event.target as IDBDatabase).close();
      opened.delete(name);
      if (wanted === null) onGone();
    },
    terminated() {
      opened.delete(name);
    },
  });
  const opening = inTime(opens);
  opened.set(name, opening);
  opening.catch(() => opened.delete(name));
  return opening;
}

function inTime(opens: Promise<IDBPDatabase<Kept>>): Promise<IDBPDatabase<Kept>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new DOMException("Another tab does not let go of what is kept here.", "InvalidStateError"));
      opens.then((late) => late.close(), reject);
    }, OPENING_MS);
    opens.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

export async function readInbox(): Promise<Conversation[]> {
  return ((await (await database()).get("single", "inbox")) as Conversation[] | undefined) ?? [];
}

export async function keepInbox(conversations: readonly Conversation[]): Promise<void> {
  await (await database()).put("single", conversations, "inbox");
}

/** Throw away what is kept of an account that is logged out. */
export async function forgetAccount(userId: string): Promise<void> {
  const name = nameOf(userId);
  const found = await opened.get(name)?.catch(() => null);
  found?.close();
  opened.delete(name);
  await deleteDB(name);
}
