/** Brings one file to the blob store of one's home: announced with its checksum, put there whole or in parts, and completed. */

import { safeName } from "../core/files";
import type { Attachment, Uploading } from "../core/types";
import { bytesOf, type Part, partsLeft } from "../core/uploads";
import { api, got } from "./api";
import { ApiError } from "./problem";

const LARGEST = 200 * 1024 * 1024; // browsers make a checksum of what is in memory alone
const TRIES = 4;
const PAUSE_MS = 1_000;
const NOT_FOUND = 404;

export interface Source {
  name: string;
  bytes: Blob;
}

export interface Watching {
  /** Told what part of its bytes is there, 0 to 1. */
  progress: (share: number) => void;
  /** Aborted: what is there stays, and may be gone on with. */
  signal: AbortSignal;
  /** Told under which id it can be gone on with. */
  begun?: (blobId: string) => void;
}

const named = (blobId: string) => ({ params: { path: { blob_id: blobId } } });

/**
 * Bring a file, and return what messages may refer to.
 *
 * @param blobId Of an attempt that was broken off: what has arrived by it is not brought again, if the region still has it.
 */
export async function upload(source: Source, watching: Watching, blobId: string | null = null): Promise<Attachment> {
  const { signal } = watching;
  let now = (blobId === null ? null : await found(blobId)) ?? (await begin(source, watching));
  if (now.state === "uploading") await putAll(now, source, watching);
  if (now.state !== "ready") now = await got(api.POST("/uploads/{blob_id}/complete", named(now.blob_id)));
  while (now.state === "checking") {
    await pause(signal);
    now = await got(api.GET("/uploads/{blob_id}", named(now.blob_id)));
  }
  if (now.state === "refused") {
    throw new ApiError({ code: now.problem ?? "refused", status: 422, definite: true, detail: source.name });
  }
  if (now.attachment === null) throw new ApiError({});
  return now.attachment;
}

/** Bring a file in one go: what has arrived of it is thrown away if that fails. */
export async function bring(source: Source, progress: (share: number) => void): Promise<Attachment> {
  let begun: string | null = null;
  const note = (blobId: string) => {
    begun = blobId;
  };
  try {
    return await upload(source, { progress, signal: new AbortController().signal, begun: note });
  } catch (error) {
    if (begun !== null) abandon(begun);
    throw error;
  }
}

/** Throw away what has arrived; if that cannot be said now, it goes by itself, a day later. */
export function abandon(blobId: string): void {
  void got(api.DELETE("/uploads/{blob_id}", named(blobId))).catch(() => {});
}

/** Return how far an upload has come that was begun before; null if the region has thrown it away. */
async function found(blobId: string): Promise<Uploading | null> {
  try {
    const now = await got(api.GET("/uploads/{blob_id}", named(blobId)));
    return now.state === "refused" ? null : now;
  } catch (error) {
    if (error instanceof ApiError && error.status === NOT_FOUND) return null;
    throw error;
  }
}

async function begin({ name, bytes }: Source, { signal, begun }: Watching): Promise<Uploading> {
  if (bytes.size > LARGEST) throw new ApiError({ code: "too-large", status: 413, definite: true, detail: name });
  const checksum = hex(await crypto.subtle.digest("SHA-256", await bytes.arrayBuffer()));
  signal.throwIfAborted();
  const type = bytes.type === "" ? {} : { content_type: bytes.type };
  const body = { name: safeName(name), size: bytes.size, checksum, ...type };
  const now = await got(api.POST("/uploads", { body }));
  begun?.(now.blob_id);
  return now;
}

async function putAll(now: Uploading, { bytes }: Source, watching: Watching): Promise<void> {
  const there = new Set(now.received.map(({ number }) => number));
  const left = partsLeft(bytes.size, now.part_size, there);
  let done = bytes.size - bytesOf(left);
  for (const part of left) {
    const length = part.end - part.begin;
    const progress = (share: number) => watching.progress((done + share * length) / bytes.size);
    progress(0);
    await put(() => placeOf(now, part), bytes.slice(part.begin, part.end), { ...watching, progress });
    done += length;
  }
}

/** Return where to put something. Addresses are good for some minutes: each part's is asked for when it is needed. */
async function placeOf(of: Uploading, { number }: Part) {
  if (of.part_size === null) return { url: of.url ?? "", headers: of.headers };
  const body = { parts: [number] };
  const { urls } = await got(api.POST("/uploads/{blob_id}/parts", { ...named(of.blob_id), body }));
  return { url: urls[number] ?? "", headers: {} };
}

type Place = Awaited<ReturnType<typeof placeOf>>;

/** Put bytes at an address; what a bad network breaks off is put again. */
async function put(place: () => Promise<Place>, bytes: Blob, watching: Watching): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    watching.signal.throwIfAborted();
    const status = await sent(await place(), bytes, watching);
    if (status >= 200 && status < 300) return;
    if (attempt === TRIES || (status >= 400 && status < 500)) throw new ApiError({ status });
    await pause(watching.signal, attempt);
  }
}

/** `fetch` tells nothing of how far it has come; 0 stands for no answer. */
function sent({ url, headers }: Place, bytes: Blob, { progress, signal }: Watching): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => progress(event.total > 0 ? event.loaded / event.total : 0);
    request.onload = () => resolve(request.status);
    request.onerror = () => resolve(0);
    request.onabort = () => reject(signal.reason);
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => request.abort());
    request.send(bytes);
  });
}

function pause(signal: AbortSignal, times = 1): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    setTimeout(resolve, PAUSE_MS * times);
  });
}

function hex(bytes: ArrayBuffer): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
