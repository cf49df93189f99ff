/** What happened in a conversation that is no message, in words. */

import { isMessage } from "../core/timeline";
import type { Message } from "../core/types";
import { t } from "../words";
import { en, type Key } from "../words/en";
import { useName } from "./names";

/** Return the sentence; null for a message. What this version does not know is called by its kind. */
export function useEventText(message: Message): string | null {
  const who = useName(message.sender_id);
  const whom = useName(message.change?.user_id ?? "");
  if (isMessage(message)) return null;
  const { change, kind } = message;
  if (/^(group|channel)_changed$/.test(kind) && change?.name) return t("event.renamed", { who, name: change.name });
  const key = `event.${kind}`;
  if (!(key in en)) return kind.replaceAll("_", " ");
  const named = roleIn(message.conversation_id, change?.role ?? "");
  const role = `role.${named}` in en ? t(`role.${named}` as Key) : named;
  return t(key as Key, { who, whom, role });
}

/** A channel's log calls roles as a group's does. */
function roleIn(id: string, role: string): string {
  if (!id.startsWith("c")) return role;
  return { admin: "poster", member: "subscriber" }[role] ?? role;
}
