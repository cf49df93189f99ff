/** Coming into a group or a channel: one goes there as soon as one belongs to it, which another region may have to decide first. */

import { useEffect, useState } from "react";
import type { Message } from "../core/types";
import { readList } from "../state/history";
import { useStore } from "../state/store";

/** Returns the region that is waited for, if any; and what takes in what the request was answered with. */
export function useEntering(go: (id: string) => void) {
  const [waits, setWaits] = useState<{ id: string; region: string } | null>(null);
  const inside = useStore((state) => waits !== null && state.inbox[waits.id] !== undefined);
  useEffect(() => {
    if (waits !== null && inside) go(waits.id);
  }, [waits, inside, go]);

  async function enter(id: string, { queued_for: region }: Message): Promise<void> {
    if (region !== null) return setWaits({ id, region });
    await readList();
    go(id);
  }

  return { waits: waits?.region ?? null, enter };
}
