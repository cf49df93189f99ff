/** A text cut into what is shown in its own way: addresses of the web, and members who are named. Pure. */

import type { Message } from "./types";

export type Mention = NonNullable<Message["mentions"]>[number];

export type TextPiece =
  | { kind: "text" | "address"; at: number; text: string }
  | { kind: "mention"; at: number; text: string; userId: string };

const ADDRESS = /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}'»”]/gu;

/**
 * Cut a text; joined again, the pieces are the text.
 *
 * @param mentions With places in Unicode code points, as the API counts them; what lies outside of the text is passed over.
 */
export function pieces(text: string, mentions: readonly Mention[] = []): TextPiece[] {
  const found: TextPiece[] = [];
  const points = mentions.length > 0 ? [...text] : [];
  const unit = (point: number) => points.slice(0, point).join("").length;
  for (const { user_id: userId, offset, length } of mentions) {
    if (length === 0 || offset + length > points.length) continue;
    found.push({ kind: "mention", at: unit(offset), text: points.slice(offset, offset + length).join(""), userId });
  }
  for (const { 0: address, index: at } of text.matchAll(ADDRESS)) found.push({ kind: "address", at, text: address });
  found.sort((a, b) => a.at - b.at);
  const all: TextPiece[] = [];
  let done = 0;
  for (const piece of found) {
    if (piece.at < done) continue;
    if (piece.at > done) all.push({ kind: "text", at: done, text: text.slice(done, piece.at) });
    all.push(piece);
    done = piece.at + piece.text.length;
  }
  if (done < text.length) all.push({ kind: "text", at: done, text: text.slice(done) });
  return all;
}

/** Whether a message names somebody. */
export function names(message: Pick<Message, "mentions"> | null, userId: string): boolean {
  return message?.mentions?.some((each) => each.user_id === userId) ?? false;
}
