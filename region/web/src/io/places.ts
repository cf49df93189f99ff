/** The regions' addresses: the one that served this page first, the others for when it does not answer. */

import type { RegionView } from "../core/types";

/** How long an answer is waited for: a region answers within 12 seconds, if it answers. */
export const PATIENCE_MS = 15_000;
const KEPT = "causeway.places";

let names: Readonly<Record<string, string>> = remembered();
let known: readonly string[] = places();
let current = 0;

/** Address to region, as the last connection was told; also without a network. */
function remembered(): Readonly<Record<string, string>> {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    const entries = Object.entries(found ?? {}).filter(
      ([place, name]) => URL.canParse(place) && typeof name === "string",
    );
    return Object.fromEntries(entries) as Record<string, string>;
  } catch {
    return {};
  }
}

function places(): readonly string[] {
  return [location.origin, ...Object.keys(names).filter((place) => place !== location.origin)];
}

/** The address of the region that is asked now. */
export function here(): string {
  return known[current] ?? location.origin;
}

/**
 * Ask the next region from now on; return whether there is another one.
 *
 * @param failed The address that did not answer: if somebody has gone on from it already, nothing changes.
 */
export function goElsewhere(failed = here()): boolean {
  if (failed === here()) current = (current + 1) % known.length;
  return known.length > 1;
}

/** Ask the region that served this page again. */
export function goBack(): void {
  current = 0;
}

/** How many addresses there are. */
export function count(): number {
  return known.length;
}

/** What the region at an address is called; its host, where that was never told. */
export function nameOf(place: string): string {
  return names[place] ?? new URL(place).host;
}

/** Take in where all regions are; that there are none is no news of them. */
export function note(regions: readonly RegionView[]): void {
  if (regions.length === 0) return;
  const now = here();
  names = Object.fromEntries(regions.map((each) => [new URL(each.public_url).origin, each.region]));
  known = places();
  current = Math.max(0, known.indexOf(now));
  localStorage.setItem(KEPT, JSON.stringify(names));
}
