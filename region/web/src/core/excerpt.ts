/** The part of a text around what was found in it. Pure; places are counted in Unicode code points, as the API counts them. */

export interface Piece {
  text: string;
  found: boolean;
}

const BEFORE = 24;
const LENGTH = 160;

/** Cut a text to what is around its first match, in pieces that were found or not; white space becomes single spaces. */
export function excerpt(text: string, matches: readonly { offset: number; length: number }[]): Piece[] {
  const points = [...text];
  const first = matches[0]?.offset ?? 0;
  const begin = first > BEFORE * 2 ? first - BEFORE : 0;
  const end = Math.min(points.length, begin + LENGTH);
  const pieces: Piece[] = [];
  let at = begin;
  const add = (until: number, found: boolean) => {
    const part = points.slice(at, until).join("").replace(/\s+/gu, " ");
    if (part !== "") pieces.push({ text: part, found });
    at = Math.max(at, until);
  };
  if (begin > 0) pieces.push({ text: "…", found: false });
  for (const { offset, length } of [...matches].sort((a, b) => a.offset - b.offset)) {
    if (offset + length <= at) continue;
    if (offset >= end) break;
    if (offset > at) add(offset, false);
    add(Math.min(end, offset + length), true);
  }
  if (at < end) add(end, false);
  if (end < points.length) pieces.push({ text: "…", found: false });
  return pieces;
}
