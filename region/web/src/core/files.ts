/** What is known of an image or a file before any byte of it is here. Pure. */

import type { Attachment } from "./types";

const BOX = 320;
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
const FIRST_PAUSE_MS = 1_500;
const MOST_PAUSE_MS = 30_000;
const MOST_ASKED = 20;
const FORBIDDEN = /["/\\\p{Cc}]/gu;

/** Return how large an image is shown, CSS pixels: in its own proportions, within a square, never larger than it is. */
export function shownSize({ width, height }: Pick<Attachment, "width" | "height">): { width: number; height: number } {
  if (width <= 0 || height <= 0) return { width: BOX, height: BOX };
  const scale = Math.min(1, BOX / width, BOX / height);
  return { width: Math.max(48, Math.round(width * scale)), height: Math.max(48, Math.round(height * scale)) };
}

/** Return a size in words, such as `1.4 MB`, as it is written in a language. */
export function sizeWords(bytes: number, locale: string): string {
  const power = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** power;
  const digits = power === 0 || value >= 100 ? 0 : 1;
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: UNITS[power] ?? "byte",
    unitDisplay: power === 0 ? "long" : "short",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

/**
 * Return after how many milliseconds to ask once more for what another region still brings; null to give up.
 *
 * @param asked How often it was asked for in vain; after 20 times, or some seven minutes, it is enough.
 */
export function pauseMs(asked: number): number | null {
  return asked < MOST_ASKED ? Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 1.5 ** (asked - 1)) : null;
}

/** Return a name that regions take: without quotes, slashes and control characters, 255 characters at most. */
export function safeName(name: string): string {
  return [...name.replace(FORBIDDEN, "_").trim()].slice(0, 255).join("") || "file";
}
