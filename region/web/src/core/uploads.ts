/** Files on their way to the region, to go with a message: how each stands, and what of it is still to be brought. Pure. */

import type { Attachment } from "./types";

export type Stage =
  /** `share`: what part of its bytes is there, 0 to 1. */
  | { at: "going"; share: number }
  | { at: "paused"; share: number }
  | { at: "ready"; attachment: Attachment }
  /** `offline`: nobody has answered; it goes on by itself after a connection. */
  | { at: "failed"; share: number; why: string; offline: boolean };

export interface Upload {
  key: string;
  conversationId: string;
  name: string;
  stage: Stage;
}

/** Files of one message. */
export const MOST = 10;

/** One part of a file, by its number, from 1; bytes from `begin` up to `end`. */
export interface Part {
  number: number;
  begin: number;
  end: number;
}

/** Return the parts that are still to be brought, in their order; what goes as a whole is one part. */
export function partsLeft(size: number, partSize: number | null, there: ReadonlySet<number>): Part[] {
  const length = partSize ?? size;
  const count = Math.max(1, Math.ceil(size / length));
  return Array.from({ length: count }, (_, place) => ({
    number: place + 1,
    begin: place * length,
    end: Math.min(size, (place + 1) * length),
  })).filter(({ number }) => !there.has(number));
}

/** Return how many bytes these parts have. */
export function bytesOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { begin, end }) => sum + end - begin, 0);
}

/** Return how far it has come, whatever its stage. */
export function shareOf(stage: Stage): number {
  return stage.at === "ready" ? 1 : stage.share;
}

/** Return what all of them have become, in their order; null while one is not there yet. */
export function attachmentsOf(uploads: readonly Upload[]): Attachment[] | null {
  const ready = uploads.flatMap(({ stage }) => (stage.at === "ready" ? [stage.attachment] : []));
  return ready.length === uploads.length ? ready : null;
}
