/** What goes wrong is told; and work beside everything else, which nobody waits for. */

import { database } from "../io/database";
import { isOffline } from "../io/problem";
import { why } from "./saying";
import { get, notify, notifyMore } from "./store";

/** Tell what went wrong; without a network nothing is that the banner does not say already, and whoever has left is told nothing more. */
export function tell(error: unknown): void {
  if (get().phase === "in" && !isOffline(error)) notify(why(error));
}

/** Let something be done that nobody waits for. */
export function aside(work: Promise<unknown>): void {
  work.catch(tell);
}

let told = false;

/** Keep something in the browser that is on the screen already: that it keeps no more is told once for each page. */
export function keepAside(work: (kept: Awaited<ReturnType<typeof database>>) => Promise<unknown>): void {
  database()
    .then(work)
    .catch((error) => {
      if (told || get().phase !== "in") return; // whoever is logged out has nothing kept
      told = true;
      notifyMore("storage.unkept", { reason: String(error) });
    });
}
