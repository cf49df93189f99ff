/** Images that were seen lately, as small as they were shown, kept in the browser for when there is no network. */

import { database } from "./database";
import { ApiError } from "./problem";

/** How many are kept; beyond that the oldest go, some at a time. */
const MOST = 400;
const AT_A_TIME = 50;
/** Bytes; what is larger is no thumbnail, and is asked for anew each time. */
const LARGEST = 512 * 1024;

/** Return an image: as it is kept, or else from its address; from then on it is kept, if the browser has room. */
export async function image(key: string, address: () => Promise<string>): Promise<Blob> {
  const before = await kept(key).catch(() => undefined); // a browser that keeps nothing
  if (before !== undefined) return before;
  const answer = await fetch(await address());
  if (!answer.ok) throw new ApiError({ status: answer.status });
  const bytes = await answer.blob();
  if (bytes.size <= LARGEST) void keep(key, bytes).catch(() => {}); // it is shown all the same
  return bytes;
}

async function kept(key: string): Promise<Blob | undefined> {
  return (await (await database()).get("images", key))?.bytes;
}

async function keep(key: string, bytes: Blob): Promise<void> {
  const { store, done } = (await database()).transaction("images", "readwrite");
  await store.put({ bytes, at: Date.now() }, key);
  if ((await store.count()) > MOST) {
    let oldest = await store.index("at").openCursor();
    for (let dropped = 0; oldest !== null && dropped < AT_A_TIME; dropped++) {
      await oldest.delete();
      oldest = await oldest.continue();
    }
  }
  await done;
}
