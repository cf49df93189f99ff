/** When to connect again, and how, after a connection ended. Pure: the caller brings randomness and carries it out. */

const FIRST_MS = 1_000;
const MOST_MS = 30_000;
const SOON_MS = 300;

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
  if (ended.code === 4401 && !ended.refreshed) return { kind: "refresh" };
  if (ended.retryAfter !== null) {
    // As long as it is told, and up to half as long again.
    return { kind: "again", afterMs: ended.retryAfter * 1_000 * (1 + random / 2), elsewhere: false };
  }
  if (ended.welcomed) return { kind: "again", afterMs: SOON_MS + random * 2 * FIRST_MS, elsewhere: false };
  const reach = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(ended.failures - 1, 10));
  return { kind: "again", afterMs: reach / 2 + (random * reach) / 2, elsewhere: ended.failures >= 2 };
}
