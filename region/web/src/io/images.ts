/**
 * Images that were seen lately, as small as they were shown, kept in the browser for when there is no network.
 *
 * They lie in a database of their own: it may be thrown away whenever there is no room, and it holds up nothing that may not.
 */

import { type DBSchema, deleteDB, type IDBPDatabase, openDB } from "idb";
import { account } from "./database";
import { ApiError } from "./problem";

const VERSION = 1;
/** How many are kept; beyond that those go that were not seen for longest, some at a time. */
const MOST = 400;
const AT_A_TIME = 50;
/** Bytes; what is larger is no thumbnail, and is asked for anew each time. */
const LARGEST = 256 * 1024;
/** After how long it is noted that one was seen again. */
const SEEN_MS = 86_400_000;

interface Kept extends DBSchema {
  images: { key: string; value: { bytes: Blob; seen: number }; indexes: { seen: number } };
}

const opened = new Map<string, Promise<IDBPDatabase<Kept>>>();
const coming = new Map<string, Promise<Blob>>();
/** Rises whenever some are to be forgotten: what was on its way then is not kept. */
let cleared = 0;

const nameOf = (userId: string) => `causeway.images.${userId}`;

/** Return an image: as it is kept, or else from its address; from then on it is kept, if the browser has room. */
export function image(key: string, address: () => Promise<string>): Promise<Blob> {
  const before = coming.get(key);
  if (before !== undefined) return before;
  const comes = bring(key, address).finally(() => coming.delete(key));
  coming.set(key, comes);
  return comes;
}

async function bring(key: string, address: () => Promise<string>): Promise<Blob> {
  const since = cleared;
  const before = await (await database())?.get("images", key).catch(() => undefined);
  if (before !== undefined) {
    if (Date.now() - before.seen > SEEN_MS) void keep(key, before.bytes, since);
    return before.bytes;
  }
  const answer = await fetch(await address());
  if (!answer.ok) throw new ApiError({ status: answer.status });
  const bytes = await answer.blob();
  if (bytes.size <= LARGEST && bytes.type.startsWith("image/")) void keep(key, bytes, since);
  return bytes;
}

/** Whatever goes wrong with it, the image is shown all the same. */
async function keep(key: string, bytes: Blob, since: number): Promise<void> {
  const kept = await database();
  if (kept === null || since !== cleared) return;
  try {
    if ((await kept.count("images")) >= MOST) {
      const oldest = await kept.getAllKeysFromIndex("images", "seen", null, AT_A_TIME);
      for (const each of oldest) await kept.delete("images", each);
    }
    await kept.put("images", { bytes, seen: Date.now() }, key);
  } catch {
    await kept.clear("images").catch(() => {}); // no room, perhaps for what is not sent yet
  }
}

/** Return what is kept of whoever is here; null where nothing can be. */
async function database(): Promise<IDBPDatabase<Kept> | null> {
  const owner = account();
  if (owner === "" || !globalThis.indexedDB) return null;
  const name = nameOf(owner);
  const before = opened.get(name);
  if (before !== undefined) return before.catch(() => null);
  const opening = openDB<Kept>(name, VERSION, {
    upgrade: (found) => found.createObjectStore("images").createIndex("seen", "seen"),
    blocking(_current, _wanted, event) {
      (event.target as IDBDatabase).close(); // it is thrown away
      opened.delete(name);
    },
    terminated: () => opened.delete(name),
  });
  opened.set(name, opening);
  return opening.catch(() => {
    opened.delete(name);
    return null;
  });
}

/** How many there are. */
export async function countImages(): Promise<number> {
  return (await (await database())?.count("images")) ?? 0;
}

/** Forget all of them, or those of some blobs. */
export async function dropImages(blobIds?: readonly string[]): Promise<void> {
  cleared += 1;
  const kept = await database();
  if (blobIds === undefined) await kept?.clear("images");
  for (const id of blobIds ?? []) await kept?.delete("images", IDBKeyRange.bound(`${id}/`, `${id}0`));
}

/** Throw them away with all else that is kept of an account that is logged out. */
export async function forgetImages(userId: string): Promise<void> {
  cleared += 1;
  await deleteDB(nameOf(userId));
}
