/** Sending a message on: one copy to each conversation, through the outbox. */

import type { Conversation, Message } from "../core/types";
import { write } from "./outgoing";

/** Write the copies one after the other; each is told as soon as it is kept, so that none is written twice if a later one fails. */
export async function forward(
  message: Message,
  to: readonly Conversation[],
  onKept: (conversationId: string) => void,
): Promise<void> {
  const { text, attachments = [], message_id: forwardOf } = message;
  for (const { conversation_id: conversationId, peer_id: recipientId } of to) {
    await write({ conversationId, recipientId, text, replyTo: null, attachments, forwardOf });
    onKept(conversationId);
  }
}
