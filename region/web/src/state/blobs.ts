/** Where the bytes of images and files are, for as long as their addresses are good; images that were seen lately are here. */

import { useEffect, useState } from "react";
import { pauseMs } from "../core/files";
import type { Blob, Message } from "../core/types";
import { api, got } from "../io/api";
import { dropImages, image } from "../io/images";
import { ApiError } from "../io/problem";
import { useStore } from "./store";

const MARGIN_MS = 60_000;
const ON_ITS_WAY = "blob-on-its-way";

interface Known {
  blob: Promise<Blob>;
  until: number;
}

const known = new Map<string, Known>();

/** Return where a blob is; one that another region still brings is waited for, some minutes. */
export async function find(id: string): Promise<Blob> {
  const before = known.get(id);
  if (before !== undefined && before.until > Date.now()) return before.blob;
  const asked = ask(id);
  known.set(id, { blob: asked, until: Date.now() + 5 * MARGIN_MS });
  try {
    const blob = await asked;
    known.set(id, { blob: asked, until: Date.now() + blob.expires_in * 1_000 - MARGIN_MS });
    return blob;
  } catch (error) {
    known.delete(id);
    throw error;
  }
}

async function ask(id: string): Promise<Blob> {
  for (let asked = 1; ; asked++) {
    try {
      return await got(api.GET("/blobs/{blob_id}", { params: { path: { blob_id: id } } }));
    } catch (error) {
      const pause = pauseMs(asked);
      if (!(error instanceof ApiError) || error.code !== ON_ITS_WAY || pause === null) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

/** Where a blob is, once it is known. */
export function useBlob(id: string): Blob | null {
  const [blob, setBlob] = useState<Blob | null>(null);
  useEffect(() => {
    let stale = false;
    find(id)
      .then((found) => {
        if (!stale) setBlob(found);
      })
      .catch(() => {}); // its name and its place are shown all the same
    return () => {
      stale = true;
    };
  }, [id]);
  return blob;
}

/** Where an image is, once it is here: the thumbnail of that size. One that could not be had is asked for again with the next connection. */
export function useImage(id: string, size: "small" | "large"): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    let stale = false;
    let made = "";
    async function address() {
      const { thumbnails, url } = await find(id);
      return thumbnails[size] ?? url;
    }
    async function show() {
      try {
        const bytes = await image(`${id}/${size}`, address);
        if (stale) return;
        made = URL.createObjectURL(bytes);
        setUrl(made);
      } catch {
        known.delete(id); // its name and its place are shown all the same
      }
    }
    void show();
    const unsubscribe = useStore.subscribe((now, before) => {
      if (made === "" && now.standing.at === "online" && before.standing.at !== "online") void show();
    });
    return () => {
      stale = true;
      unsubscribe();
      URL.revokeObjectURL(made);
    };
  }, [id, size]);
  return url;
}

/** Keep nothing of the images of messages that are not to be seen any more. */
export function forget(messages: readonly Message[]): void {
  const ids = messages.flatMap(({ attachments = [] }) => attachments.map((each) => each.blob_id));
  if (ids.length > 0) void dropImages(ids).catch(() => {});
}
