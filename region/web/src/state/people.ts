/** Who people are: profiles are asked for when they are first seen on the screen, a few at a time, and kept. */

import type { Profile } from "../core/types";
import { api, got } from "../io/api";
import { get, set } from "./store";
import { keepAside } from "./telling";

const AT_ONCE = 6;
const asked = new Set<string>();
const waiting: string[] = [];
let running = 0;

export function put(profiles: readonly Profile[]): void {
  set((state) => ({
    people: { ...state.people, ...Object.fromEntries(profiles.map((each) => [each.user_id, each])) },
  }));
  keepAside((kept) => Promise.all(profiles.map((each) => kept.put("people", each))));
}

/** See to it that somebody's profile is read, once for each load of the page. */
export function need(userId: string): void {
  if (userId === "" || asked.has(userId)) return;
  asked.add(userId);
  waiting.push(userId);
  void work();
}

/** Read a profile anew that has changed, if it was ever seen. */
export function needAnew(userId: string): void {
  if (!asked.has(userId) || waiting.includes(userId)) return;
  waiting.push(userId);
  void work();
}

/** Ask again for whoever could not be asked for; after a connection. */
export function askAgain(): void {
  for (const id of asked) if (get().people[id] === undefined && !waiting.includes(id)) waiting.push(id);
  void work();
}

export function forget(): void {
  asked.clear();
  waiting.length = 0;
}

async function work(): Promise<void> {
  if (running >= AT_ONCE) return;
  running += 1;
  for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
    try {
      put([await got(api.GET("/users/{user_id}", { params: { path: { user_id: id } } }))]);
    } catch {
      // Shown by their id until it is asked for again.
    }
  }
  running -= 1;
}
