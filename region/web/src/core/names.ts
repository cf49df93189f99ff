/** Names that nobody else has: for messages, groups, uploads and registrations, so that what is repeated is known again. */

/** Not by randomUUID, which plain HTTP does not have. */
export function newName(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
