/** Who may be meant by an @ in a group, and who is. */

import { mentionsIn } from "../core/mentions";
import type { Mention } from "../core/pieces";
import type { Profile } from "../core/types";
import { need } from "./people";
import { get, timelineOf } from "./store";

/** Return the members whose profiles are here; the others' are asked for. */
export function membersOf(id: string): Profile[] {
  const { people, me } = get();
  const ids = Object.keys(timelineOf(id).marks).filter((each) => each !== me?.user_id);
  for (const each of ids) need(each);
  return ids.flatMap((each) => people[each] ?? []);
}

export const mentionsOf = (id: string, text: string): Mention[] => mentionsIn(text, membersOf(id));
