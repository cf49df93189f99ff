/** What one wants of a conversation: said to the region, which tells all of one's devices. */

import { withPreferences } from "../core/inbox";
import type { Conversation } from "../core/types";
import { api, got } from "../io/api";
import { set } from "./store";

type Preferences = NonNullable<Conversation["preferences"]>;

export async function prefer(
  id: string,
  wish: Partial<Pick<Preferences, "archived" | "marked_unread" | "muted_until" | "pinned"> & { draft: string }>,
): Promise<void> {
  const params = { path: { conversation_id: id } };
  const preferences = await got(api.PATCH("/conversations/{conversation_id}/preferences", { params, body: wish }));
  set((state) => ({ inbox: withPreferences(state.inbox, id, preferences) }));
}
