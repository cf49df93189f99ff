/** What one wants of a conversation: said to the region, which tells all of one's devices. */

import type { Conversation } from "../core/types";
import { api, got } from "../io/api";
import { get, set } from "./store";

type Preferences = NonNullable<Conversation["preferences"]>;

export async function prefer(
  id: string,
  wish: Partial<Pick<Preferences, "archived" | "marked_unread" | "muted_until">>,
): Promise<void> {
  const params = { path: { conversation_id: id } };
  const preferences = await got(api.PATCH("/conversations/{conversation_id}/preferences", { params, body: wish }));
  const before = get().inbox[id];
  if (before !== undefined) set((state) => ({ inbox: { ...state.inbox, [id]: { ...before, preferences } } }));
}
