/** What people and conversations are called on the screen; who is not known yet is asked for. */

import { useEffect } from "react";
import type { Conversation } from "../core/types";
import { need } from "../state/people";
import { useStore } from "../state/store";
import { t } from "../words";

/** Return what somebody is called: “You” for oneself. */
export function useName(userId: string): string {
  const me = useStore((state) => state.me?.user_id);
  const name = usePlainName(userId);
  return userId === me ? t("you") : name;
}

export function usePlainName(userId: string): string {
  const profile = useStore((state) => state.people[userId]);
  useEffect(() => need(userId), [userId]);
  return profile?.display_name || profile?.handle || "…";
}

export function useTitle(conversation: Conversation | undefined): string {
  const name = usePlainName(conversation?.peer_id ?? "");
  if (conversation === undefined) return "…";
  return conversation.kind === "direct" ? name : conversation.name || "…";
}
