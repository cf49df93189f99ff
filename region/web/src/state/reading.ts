/** Reading something once at a time, by its name; and how that ended. */

import { ApiError, isOffline } from "../io/problem";
import { why } from "./saying";
import { notify } from "./store";

/** Statuses by which a region says that one may not see something, or that it is not there. */
const REFUSALS = new Set([401, 403, 404, 410]);

/** `refused` is asked for again only once something has happened, `failed` also later. */
export type Read = "done" | "refused" | "failed";

type Work = () => Promise<Read> | Promise<void>;

const loading = new Map<string, Promise<Read>>();
const next = new Map<string, Promise<Read>>();

/** Do it, unless it is under way; what goes wrong is said. */
export function once(name: string, work: Work): Promise<Read> {
  const running = loading.get(name);
  if (running !== undefined) return running;
  const started = ended(work).finally(() => loading.delete(name));
  loading.set(name, started);
  return started;
}

/** As `once`; but what is under way may have been answered before what this is about has happened, and is done again then. */
export function anew(name: string, work: Work): Promise<Read> {
  const running = loading.get(name);
  if (running === undefined) return once(name, work);
  const waiting =
    next.get(name) ??
    running.then(() => {
      next.delete(name);
      return once(name, work);
    });
  next.set(name, waiting);
  return waiting;
}

async function ended(work: Work): Promise<Read> {
  try {
    return (await work()) ?? "done";
  } catch (error) {
    tell(error);
    return endOf(error);
  }
}

/** Say what went wrong; without a network nothing is that the banner does not say already. */
export function tell(error: unknown): void {
  if (!isOffline(error)) notify(why(error));
}

export function endOf(error: unknown): Read {
  return error instanceof ApiError && REFUSALS.has(error.status) ? "refused" : "failed";
}
