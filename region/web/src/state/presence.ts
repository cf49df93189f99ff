/** How friends are there: asked once for each connection, then told of those whom one has in view. */

import { watched } from "../core/presence";
import type { DeviceFrame } from "../core/types";
import { api, got } from "../io/api";
import { get, set } from "./store";

/**
 * Read who is a friend, and how they are there.
 *
 * @param say Says something to the region.
 * @returns What to call when another conversation is looked at, and at first.
 */
export async function begin(say: (frame: DeviceFrame) => boolean): Promise<(openId: string | null) => void> {
  const { friends } = await got(api.GET("/friends"));
  set({
    presences: Object.fromEntries(
      friends.map(({ user_id: id, presence, last_seen: lastSeen }) => [id, { presence, lastSeen }]),
    ),
  });
  const ids = new Set(friends.map((each) => each.user_id));
  let now = "";
  return (openId) => {
    const wanted = watched(get().inbox, ids, openId);
    const name = [...wanted].sort().join();
    if (name !== now && say({ type: "watch", user_ids: wanted })) now = name;
  };
}
