/** Files that go with messages: brought while one goes on, paused and gone on with; also those that an earlier page has left. */

import { newName } from "../core/names";
import { MOST, type Stage, shareOf, type Upload } from "../core/uploads";
import type { KeptFile } from "../io/database";
import { alone, dropFile, keepFile, keptFile, keptFiles, noteFile } from "../io/files";
import { isOffline } from "../io/problem";
import { abandon, upload } from "../io/upload";
import { why } from "./saying";
import { get, set, useStore } from "./store";

/** What this page knows of a file besides what it shows. */
interface Own {
  bytes: Blob;
  blobId: string | null;
  going: AbortController | null;
  /** Ends when the last attempt has. */
  ended: Promise<void>;
  /** Lets another tab have it. */
  release: () => void;
}

const own = new Map<string, Own>();

/** Bring files that were chosen for a conversation's next message; more than go with one are left out. */
export function choose(conversationId: string, files: readonly File[]): void {
  const room = MOST - (get().files[conversationId] ?? []).length;
  for (const file of files.slice(0, Math.max(0, room))) {
    const key = newName();
    const kept: KeptFile = { key, conversationId, name: file.name, at: Date.now(), paused: false, blobId: null };
    keepFile(kept, file).catch(() => {}); // what finds no room in the browser is brought all the same, by this page alone
    const held = hold(kept, file);
    void alone(key, () => held);
  }
}

/** Go on with what earlier pages have left, and with what other tabs leave. */
export async function takeUp(): Promise<void> {
  for (const { key } of await keptFiles()) {
    void alone(key, async () => {
      const found = await keptFile(key);
      if (found !== null && !own.has(key)) await hold(found.file, found.bytes);
    });
  }
}

/** Show a file and bring it; ends when it is this page's no longer. */
function hold({ key, conversationId, name, paused, blobId }: KeptFile, bytes: Blob): Promise<void> {
  const held = new Promise<void>((release) => {
    own.set(key, { bytes, blobId, going: null, ended: Promise.resolve(), release });
  });
  const stage: Stage = { at: "paused", share: 0 };
  show(conversationId, (files) => [...files, { key, conversationId, name, stage }]);
  if (!paused) go(key);
  return held;
}

/** What has arrived stays where it is. */
export function pause(key: string): void {
  own.get(key)?.going?.abort();
  const stage = find(key)?.stage;
  if (stage !== undefined) put(key, { at: "paused", share: shareOf(stage) });
  note(key, { paused: true });
}

/** Go on with what was paused, or has failed. */
export function goOn(key: string): void {
  note(key, { paused: false });
  go(key);
}

/** Leave a file out, and throw away what has arrived. */
export function remove(key: string): void {
  const mine = own.get(key);
  forget([key]);
  // It may only just be told what the region calls the file.
  void mine?.ended.then(() => mine.blobId !== null && abandon(mine.blobId));
}

/** These have gone with a message, and are its own now; or they go with none. */
export function forget(keys: readonly string[]): void {
  for (const key of keys) {
    const conversationId = find(key)?.conversationId;
    if (conversationId !== undefined) show(conversationId, (files) => files.filter((each) => each.key !== key));
    own.get(key)?.going?.abort();
    dropFile(key)
      .catch(() => {}) // it would be found by the next page
      .finally(() => letGo(key));
  }
}

/** A file that could not be kept, or noted, is this page's alone. */
function note(key: string, how: Partial<KeptFile>): void {
  noteFile(key, how).catch(() => {});
}

function letGo(key: string): void {
  own.get(key)?.release();
  own.delete(key);
}

/** Bring it, or go on: once the attempt before has ended, which may only just be told what the region calls the file. */
function go(key: string): void {
  const mine = own.get(key);
  const file = find(key);
  if (mine === undefined || file === undefined) return;
  mine.going?.abort();
  mine.going = new AbortController();
  const { signal } = mine.going;
  put(key, { at: "going", share: shareOf(file.stage) });
  mine.ended = mine.ended.then(() => attempt(mine, file, signal));
}

async function attempt(mine: Own, { key, name }: Upload, signal: AbortSignal): Promise<void> {
  const tell = (stage: Stage) => signal.aborted || put(key, stage);
  const begun = (blobId: string) => {
    mine.blobId = blobId;
    if (own.has(key)) note(key, { blobId });
  };
  const progress = (share: number) => tell({ at: "going", share });
  try {
    signal.throwIfAborted();
    const attachment = await upload({ name, bytes: mine.bytes }, { progress, signal, begun }, mine.blobId);
    tell({ at: "ready", attachment });
  } catch (error) {
    const stage = find(key)?.stage;
    if (stage === undefined) return;
    tell({ at: "failed", share: shareOf(stage), why: why(error), offline: isOffline(error) });
  }
}

function find(key: string): Upload | undefined {
  return Object.values(get().files)
    .flat()
    .find((file) => file.key === key);
}

function put(key: string, stage: Stage): void {
  const conversationId = find(key)?.conversationId;
  if (conversationId === undefined) return;
  show(conversationId, (files) => files.map((file) => (file.key === key ? { ...file, stage } : file)));
}

function show(id: string, change: (files: readonly Upload[]) => readonly Upload[]): void {
  set((state) => ({ files: { ...state.files, [id]: change(state.files[id] ?? []) } }));
}

useStore.subscribe((now, before) => {
  if (now.phase === "out" || now.phase === "leaving") {
    for (const [key, { going }] of own) {
      going?.abort();
      letGo(key);
    }
  } else if (now.standing.at === "online" && before.standing.at !== "online") {
    for (const { key, stage } of Object.values(now.files).flat()) if (stage.at === "failed" && stage.offline) go(key);
  }
});
