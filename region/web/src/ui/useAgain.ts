/** Reading again what was changed: at once, and a moment later where another region has to decide about it. */

import { useCallback } from "react";
import { get } from "../state/store";

const LATER_MS = 2_000;

export function useAgain(id: string, read: () => Promise<void>): () => Promise<void> {
  return useCallback(async () => {
    await read();
    const { me, about } = get();
    // Without a network it is what it was, and read with the next change.
    if (about[id]?.ownerRegion !== me?.home_region) setTimeout(() => void read().catch(() => {}), LATER_MS);
  }, [id, read]);
}
