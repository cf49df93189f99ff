/** What is done to messages that are there: edit, delete, react, pin. Its entry comes by the socket like any other. */

import type { Mention } from "../core/pieces";
import type { Message } from "../core/types";
import { api, got } from "../io/api";
import { why } from "./saying";
import { notify } from "./store";

/** Return whether it was taken; if not, a notice says why. */
async function done(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    notify(why(error));
    return false;
  }
}

export function edit(message: Message, text: string, mentions: Mention[]): Promise<boolean> {
  const params = { path: { message_id: message.message_id } };
  return done(got(api.PATCH("/messages/{message_id}", { params, body: { text, mentions } })));
}

/** Delete a message: for all, or for oneself alone. */
export function remove(message: Message, whom: "all" | "me"): Promise<boolean> {
  const params = { path: { message_id: message.message_id }, query: { for: whom } };
  return done(got(api.DELETE("/messages/{message_id}", { params })));
}

export function pin(messageId: string, pinned: boolean): Promise<boolean> {
  const params = { path: { message_id: messageId } };
  const path = "/messages/{message_id}/pin";
  return done(got(pinned ? api.PUT(path, { params }) : api.DELETE(path, { params })));
}

export function react(message: Message, emoji: string, added: boolean): Promise<boolean> {
  const params = { path: { message_id: message.message_id, emoji } };
  const path = "/messages/{message_id}/reactions/{emoji}";
  return done(got(added ? api.PUT(path, { params }) : api.DELETE(path, { params })));
}
