/** How friends are there, and which of them are watched. Pure. */

import { type Inbox, listed } from "./inbox";

export interface Presence {
  presence: "online" | "offline" | "unknown";
  lastSeen: string | null;
}

/** By user id, of friends alone: others are told to nobody. */
export type Presences = Readonly<Record<string, Presence>>;

const MOST_WATCHED = 50;

/** Return the friends to watch: the one who is looked at, then those of the newest conversations. */
export function watched(inbox: Inbox, friends: ReadonlySet<string>, openId: string | null): string[] {
  const open = inbox[openId ?? ""]?.peer_id;
  const peers = [open, ...listed(inbox).map((each) => each.peer_id)];
  const found = peers.filter((id): id is string => typeof id === "string" && friends.has(id));
  return [...new Set(found)].slice(0, MOST_WATCHED);
}
