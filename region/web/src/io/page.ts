/** The page, loaded anew: whoever comes after somebody who has left finds nothing of them in its memory. What is to be said of it, the next one says. */

const KEPT = "causeway.parting";
const HOME = "/web/";

export interface Parting {
  /** Why the device was logged out, if somebody else did it. */
  ended: string | null;
  /** Whether all that was kept is thrown away. */
  whole: boolean;
}

/** Load the page anew; where somebody left by their own will, not at the address of what they looked at. */
export function renew(parting: Parting): void {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(parting));
  } catch {
    // A browser without room: nothing is said.
  }
  if (parting.ended === null) location.replace(HOME);
  else location.reload();
}

/** Return what the page before has left to be said, once. */
export function parted(): Parting {
  try {
    const found = sessionStorage.getItem(KEPT);
    sessionStorage.removeItem(KEPT);
    const { ended, whole } = JSON.parse(found ?? "{}") as Partial<Parting>;
    return { ended: ended ?? null, whole: whole ?? true };
  } catch {
    return { ended: null, whole: true };
  }
}
