/** What is pinned in a conversation, and the messages that are meant. */

import type { Message } from "../core/types";
import { api, got } from "../io/api";
import { set, timelineOf } from "./store";

/** Read what is pinned; the newest message first. */
export async function readPins(id: string): Promise<void> {
  const params = { path: { conversation_id: id } };
  const { pins } = await got(api.GET("/conversations/{conversation_id}/pins", { params }));
  set((state) => ({ pins: { ...state.pins, [id]: [...pins].sort((a, b) => b.seq - a.seq) } }));
}

/** Return a message, from what is here or from the region; null if neither has it now. */
export async function messageOf(id: string, messageId: string): Promise<Message | null> {
  const here = timelineOf(id).entries.find((each) => each.message_id === messageId);
  if (here !== undefined) return here;
  return got(api.GET("/messages/{message_id}", { params: { path: { message_id: messageId } } })).catch(() => null);
}
