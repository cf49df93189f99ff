/** Something that is tried once at a time, and may go wrong in words. */

import { useState } from "react";
import { why } from "../state/saying";

export function useAttempt() {
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);

  async function attempt(work: () => Promise<void>): Promise<void> {
    setBusy(true);
    setWrong(null);
    try {
      await work();
    } catch (error) {
      setWrong(why(error));
    } finally {
      setBusy(false);
    }
  }

  return { busy, wrong, attempt };
}
