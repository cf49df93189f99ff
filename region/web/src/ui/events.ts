/** What happened in a conversation that is no message, in words. */

import { isMessage } from "../core/timeline";
import type { Message } from "../core/types";
import { useStore } from "../state/store";
import { inVariant, says, t } from "../words";
import type { Variant } from "../words/en";
import { usePlainName } from "./names";

/** Return the sentence; null for a message. */
export function useEventText(message: Message): string | null {
  const me = useStore((state) => state.me?.user_id ?? "");
  const who = usePlainName(message.sender_id);
  const whom = usePlainName(message.change?.user_id ?? "");
  return isMessage(message) ? null : eventText(message, me, { who, whom });
}

/** Return the sentence, as `me` reads it; the names are of who did it, and to whom. What this version does not know is called by its kind. */
export function eventText(message: Message, me: string, names: { who: string; whom: string }): string {
  const { change, kind, sender_id: sender } = message;
  const renamed = /^(group|channel)_changed$/.test(kind) && change?.name;
  const key = renamed ? "event.renamed" : `event.${kind}`;
  if (!says(key)) return kind.replaceAll("_", " ");
  const [own, mine] = [sender === me, change?.user_id === me];
  const variants: readonly (Variant | false)[] = [sender === change?.user_id && "self", own && "own", mine && "you"];
  const role = `role.${roleIn(message.conversation_id, change?.role ?? "")}`;
  return inVariant(
    key,
    variants.filter((variant) => variant !== false),
    {
      who: own ? t("you") : names.who,
      whom: mine ? t("you.whom") : names.whom,
      name: change?.name ?? "",
      role: says(role) ? t(role) : (change?.role ?? ""),
    },
  );
}

/** A channel's log calls roles as a group's does. */
function roleIn(id: string, role: string): string {
  if (!id.startsWith("c")) return role;
  return { admin: "poster", member: "subscriber" }[role] ?? role;
}
