/** Brings one file to the blob store of one's home: announced with its checksum, put there whole or in parts, and completed. */

import { safeName } from "../core/files";
import type { Attachment } from "../core/types";
import { api, got } from "./api";
import { ApiError } from "./problem";

const LARGEST = 200 * 1024 * 1024; // browsers make a checksum of what is in memory alone
const TRIES = 4;
const PAUSE_MS = 1_000;
const SIGNED = 50;

export interface Watching {
  /** Told what part of its bytes is there, 0 to 1. */
  progress: (share: number) => void;
  signal: AbortSignal;
}

/** Bring a file, and return what messages may refer to. */
export async function upload(file: File, { progress, signal }: Watching): Promise<Attachment> {
  if (file.size > LARGEST) throw new ApiError({ code: "too-large", status: 413, definite: true, detail: file.name });
  const checksum = hex(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  const type = file.type === "" ? {} : { content_type: file.type };
  const body = { name: safeName(file.name), size: file.size, checksum, ...type };
  const begun = await got(api.POST("/uploads", { body }));
  const params = { path: { blob_id: begun.blob_id } };
  try {
    if (begun.url !== null) await put(begun.url, file, begun.headers, { progress, signal });
    else await putParts(begun.blob_id, file, begun.part_size ?? file.size, { progress, signal });
    let now = await got(api.POST("/uploads/{blob_id}/complete", { params }));
    while (now.state !== "ready") {
      if (now.state === "refused")
        throw new ApiError({ code: now.problem ?? "refused", definite: true, detail: file.name });
      await pause(signal);
      now = await got(api.GET("/uploads/{blob_id}", { params }));
    }
    if (now.attachment === null) throw new ApiError({});
    return now.attachment;
  } catch (error) {
    void got(api.DELETE("/uploads/{blob_id}", { params })).catch(() => {}); // it goes by itself, a day later
    throw error;
  }
}

async function putParts(blobId: string, file: File, size: number, watching: Watching): Promise<void> {
  const count = Math.ceil(file.size / size);
  const params = { path: { blob_id: blobId } };
  for (let first = 1; first <= count; first += SIGNED) {
    const parts = Array.from({ length: Math.min(SIGNED, count - first + 1) }, (_, place) => first + place);
    const { urls } = await got(api.POST("/uploads/{blob_id}/parts", { params, body: { parts } }));
    for (const part of parts) {
      const begin = (part - 1) * size;
      const piece = file.slice(begin, begin + size);
      const progress = (share: number) => watching.progress((begin + share * piece.size) / file.size);
      await put(urls[part] ?? "", piece, {}, { ...watching, progress });
    }
  }
}

/** Put bytes at an address; what a bad network breaks off is put again. */
async function put(url: string, bytes: Blob, headers: Record<string, string>, watching: Watching): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const status = await sent(url, bytes, headers, watching);
    if (status >= 200 && status < 300) return;
    if (attempt === TRIES || (status >= 400 && status < 500)) throw new ApiError({ status });
    await pause(watching.signal, attempt);
  }
}

/** `fetch` tells nothing of how far it has come; 0 stands for no answer. */
function sent(
  url: string,
  bytes: Blob,
  headers: Record<string, string>,
  { progress, signal }: Watching,
): Promise<number> {
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
