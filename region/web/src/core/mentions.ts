/** Whom a text means by an @: while it is typed, and when it is sent. Pure. */

import type { Mention } from "./pieces";
import type { Profile } from "./types";

/** An @ that is being typed: where it stands, in UTF-16 units as a text field counts, and what follows it. */
export interface Begun {
  at: number;
  query: string;
}

const BEGUN = /(?:^|[^\p{L}\p{N}_.@-])@([\p{L}\p{N}_.-]*)$/u;
// A handle may have a point in it; one at its end is the sentence's.
const HANDLE = /(?<![\p{L}\p{N}_.@-])@([A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?)/gu;
const MOST_MENTIONS = 50;

/** Return the @ before the caret that is still being typed; null if there is none. */
export function begunAt(text: string, caret: number): Begun | null {
  const query = BEGUN.exec(text.slice(0, caret))?.[1];
  return query === undefined ? null : { at: caret - query.length - 1, query };
}

/** Return who may be meant: by the beginning of the handle first, then by that of a word of the name. */
export function candidates(query: string, people: readonly Profile[], most = 6): Profile[] {
  const wanted = query.toLocaleLowerCase();
  const rank = ({ handle, display_name: name }: Profile): number => {
    if (handle.toLowerCase().startsWith(wanted)) return 0;
    const words = name.toLocaleLowerCase().split(/[\s._-]+/u);
    return words.some((word) => word.startsWith(wanted)) ? 1 : 2;
  };
  return people
    .map((person) => ({ person, rank: rank(person) }))
    .filter((each) => each.rank < 2)
    .sort((a, b) => a.rank - b.rank || a.person.handle.localeCompare(b.person.handle))
    .slice(0, most)
    .map((each) => each.person);
}

/** Put a handle where an @ was begun, and a space behind it; return the text and where the caret is then. */
export function completed(text: string, begun: Begun, handle: string): { text: string; caret: number } {
  const head = `${text.slice(0, begun.at)}@${handle} `;
  const tail = text.slice(begun.at + 1 + begun.query.length).replace(/^ /, "");
  return { text: head + tail, caret: head.length };
}

/** Return whom a text names by handle, with places in Unicode code points; others than these people are no mentions. */
export function mentionsIn(text: string, people: readonly Profile[]): Mention[] {
  const ids = new Map(people.map((person) => [person.handle.toLowerCase(), person.user_id]));
  const found: Mention[] = [];
  for (const { 0: whole, 1: handle = "", index } of text.matchAll(HANDLE)) {
    const userId = ids.get(handle.toLowerCase());
    if (userId === undefined) continue;
    found.push({ user_id: userId, offset: [...text.slice(0, index)].length, length: whole.length });
  }
  return found.slice(0, MOST_MENTIONS);
}
