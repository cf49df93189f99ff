/** What is done to messages that are there: edit, delete, react. Its entry comes by the socket like any other. */

import type { Message } from "../core/types";
import { api, got } from "../io/api";
import { ApiError } from "../io/problem";
import { problem } from "../words";
import { notify } from "./store";

/** Return whether it was taken; if not, a notice says why. */
async function done(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    notify(error instanceof ApiError ? problem(error.code, error.message) : String(error));
    return false;
  }
}

export function edit(message: Message, text: string): Promise<boolean> {
  const params = { path: { message_id: message.message_id } };
  return done(got(api.PATCH("/messages/{message_id}", { params, body: { text } })));
}

export function remove(message: Message): Promise<boolean> {
  const params = { path: { message_id: message.message_id }, query: { for: "all" as const } };
  return done(got(api.DELETE("/messages/{message_id}", { params })));
}

export function react(message: Message, emoji: string, added: boolean): Promise<boolean> {
  const params = { path: { message_id: message.message_id, emoji } };
  const path = "/messages/{message_id}/reactions/{emoji}";
  return done(got(added ? api.PUT(path, { params }) : api.DELETE(path, { params })));
}
