/** The regions' addresses: the one that served this page first, the others for when it cannot be reached. */

import type { RegionView } from "../core/types";

const KEPT = "causeway.regions";

let known: string[] = [location.origin, ...remembered()];
let current = 0;

function remembered(): string[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(found) ? found.filter((each) => typeof each === "string" && each !== location.origin) : [];
  } catch {
    return [];
  }
}

/** The address of the region that is asked now. */
export function here(): string {
  return known[current] ?? location.origin;
}

/** Ask the next region from now on; return whether there is another one. */
export function goElsewhere(): boolean {
  current = (current + 1) % known.length;
  return known.length > 1;
}

/** Take in where all regions are. */
export function note(regions: readonly RegionView[]): void {
  const others = regions.map((each) => new URL(each.public_url).origin).filter((each) => each !== location.origin);
  const now = here();
  known = [location.origin, ...others];
  current = Math.max(0, known.indexOf(now));
  localStorage.setItem(KEPT, JSON.stringify(others));
}
