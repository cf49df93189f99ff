/** Files that were chosen for a message and not sent yet, kept in the browser with their bytes, so that a page that comes after this one goes on with them. */

import { account, database, type KeptFile } from "./database";

/** All that is kept, whatever was chosen first in front. */
export async function keptFiles(): Promise<KeptFile[]> {
  return (await (await database()).getAll("files")).sort((a, b) => a.at - b.at);
}

/** Return a file with its bytes; null if it is not kept any more, or its bytes never were. */
export async function keptFile(key: string): Promise<{ file: KeptFile; bytes: Blob } | null> {
  const reading = (await database()).transaction(["files", "bytes"]);
  const file = await reading.objectStore("files").get(key);
  const bytes = await reading.objectStore("bytes").get(key);
  return file === undefined || bytes === undefined ? null : { file, bytes };
}

/** Keep a file; throws if the browser has no room for it. */
export async function keepFile(file: KeptFile, bytes: Blob): Promise<void> {
  const writing = (await database()).transaction(["files", "bytes"], "readwrite");
  void writing.objectStore("files").put(file);
  void writing.objectStore("bytes").put(bytes, file.key);
  await writing.done;
}

/** Write anew how a file stands that is kept; of one that is not, nothing. */
export async function noteFile(key: string, how: Partial<KeptFile>): Promise<void> {
  const writing = (await database()).transaction("files", "readwrite");
  const before = await writing.store.get(key);
  if (before !== undefined) await writing.store.put({ ...before, ...how });
  await writing.done;
}

export async function dropFile(key: string): Promise<void> {
  const writing = (await database()).transaction(["files", "bytes"], "readwrite");
  void writing.objectStore("files").delete(key);
  void writing.objectStore("bytes").delete(key);
  await writing.done;
}

/**
 * Do something with a file as the only tab that does: another one's turn comes when that has ended, or its page is gone.
 *
 * Where the browser has no such locks, tabs may do it side by side.
 */
export async function alone(key: string, work: () => Promise<void>): Promise<void> {
  if (navigator.locks === undefined) await work();
  else await navigator.locks.request(`causeway.file.${account()}.${key}`, work);
}
