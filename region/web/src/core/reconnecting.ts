/** When to connect again, where, and what is to be said meanwhile, after a connection ended. Pure: the caller brings randomness and carries it out. */

const FIRST_MS = 1_000;
const MOST_MS = 30_000;
const SOON_MS = 300;
const REFUSED_TOKEN = 4401;
/** The close code of an edge that cannot reach the home, and of a home that has too much to do. */
export const TRY_LATER = 1013;

export type Next =
  /** Connect again after that long; `elsewhere`: try another region, if there is one. */
  | { kind: "again"; afterMs: number; elsewhere: boolean }
  /** Exchange the refresh token first. */
  | { kind: "refresh" };

export interface Ended {
  /** The WebSocket's close code; 1006 if there was no closing. */
  code: number;
  /** Whether the region had said welcome. */
  welcomed: boolean;
  /** Whether it was given up since nothing came for too long, with a network. */
  silent: boolean;
  /** Whether an error frame came before, so that it was the home that ended it. */
  told: boolean;
  /** How many attempts in a row were not welcomed, this one included. */
  failures: number;
  /** Seconds to stay away, if an error frame has named them. */
  retryAfter: number | null;
  /** Whether this token was already exchanged in vain since the last welcome. */
  refreshed: boolean;
}

/**
 * Decide what follows the end of a connection.
 *
 * @param ended How it ended.
 * @param random From 0 to 1, so that devices that lost the same gateway do not return together.
 */
export function whatFollows(ended: Ended, random: number): Next {
  if (ended.code === REFUSED_TOKEN && !ended.refreshed) return { kind: "refresh" };
  if (ended.retryAfter !== null) {
    // As long as it is told, and up to half as long again.
    return { kind: "again", afterMs: ended.retryAfter * 1_000 * (1 + random / 2), elsewhere: false };
  }
  if (ended.welcomed) return { kind: "again", afterMs: SOON_MS + random * 2 * FIRST_MS, elsewhere: ended.silent };
  const reach = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(ended.failures - 1, 10));
  // A gateway that only starts anew is back at the second attempt; one that says nothing, or cannot reach the home, is no use.
  const elsewhere = ended.failures >= 2 || ended.silent || (ended.code === TRY_LATER && !ended.told);
  return { kind: "again", afterMs: reach / 2 + (random * reach) / 2, elsewhere };
}

/** Why there is no connection, as far as it is known. */
export type Plight =
  | { kind: "none" }
  /** The region at that address does not answer. */
  | { kind: "silent"; place: string }
  /** A region answers, and cannot reach the home. */
  | { kind: "away" }
  /** The home answers, and has too much to do. */
  | { kind: "busy" };

export const NO_PLIGHT: Plight = { kind: "none" };

/**
 * Say what is known after one more attempt.
 *
 * @param before What was known; what a region has said of the home stands until somebody is welcomed, whatever other regions leave unsaid.
 * @param ended How the attempt ended.
 * @param place Where it was made.
 */
export function plightAfter(before: Plight, ended: Ended, place: string): Plight {
  if (ended.told) return { kind: "busy" };
  if (ended.code === TRY_LATER) return { kind: "away" };
  if (before.kind === "away") return before;
  if (ended.silent || !ended.welcomed) return { kind: "silent", place };
  return NO_PLIGHT;
}
