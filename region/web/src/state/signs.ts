/** What the socket tells and nobody keeps: who types, how friends are there, by which way a message came. */

import type { DeviceFrame, PresenceFrame } from "../core/types";
import type { Hop } from "../core/way";
import { get, set } from "./store";

const MOST_WAYS = 500;

/** By which way messages have come while this page was open, by their ids. */
export const ways = new Map<string, readonly Hop[]>();

/** See to it that friends of whom one looks at something are told of; set once friends are known. */
export let attend: (openId: string | null) => void = () => {};

export function noteWay(messageId: string, hops: readonly Hop[]): void {
  if (hops.length === 0) return;
  ways.set(messageId, hops);
  if (ways.size > MOST_WAYS) ways.delete(ways.keys().next().value ?? "");
}

/** How friends are there is the last thing that is asked for, and the first that is done without. */
export function attendFriends(say: (frame: DeviceFrame) => boolean, openId: string | null): void {
  import("./presence")
    .then(({ begin }) => begin(say))
    .then((begun) => {
      attend = begun;
      attend(openId);
    })
    .catch(() => {}); // nobody is shown as there
}

export function presence({ user_id: id, presence, last_seen: lastSeen }: PresenceFrame): void {
  if (get().presences[id]) set((state) => ({ presences: { ...state.presences, [id]: { presence, lastSeen } } }));
}

export function typist(id: string, userId: string, seconds: number): void {
  const until = Date.now() + seconds * 1_000;
  set((state) => ({ typists: { ...state.typists, [id]: { userId, until } } }));
  setTimeout(() => {
    if (get().typists[id]?.until === until) stopTyping(id, userId);
  }, seconds * 1_000);
}

export function stopTyping(id: string, userId: string): void {
  if (get().typists[id]?.userId !== userId) return;
  const { [id]: _, ...others } = get().typists;
  set({ typists: others });
}
