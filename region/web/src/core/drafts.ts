/** A draft on several devices: which text counts, where they differ. Pure. */

/**
 * Return the text that counts.
 *
 * @param here What stands here.
 * @param same What stood both here and at the region when they were the same last.
 * @param there What the region has now, from another device perhaps.
 */
export function counting(here: string, same: string, there: string): string {
  return here === same ? there : here; // what was typed here since is not taken out of one's hands
}
