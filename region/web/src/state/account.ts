/** Coming and going: taking up a session, registering, logging in and out; and the connection that goes with it. */

import type { Tokens } from "../core/types";
import { whenIslanded } from "../io/api";
import { database } from "../io/database";
import { Link } from "../io/link";
import { ApiError } from "../io/problem";
import * as session from "../io/session";
import { loadKept } from "./history";
import * as incoming from "./incoming";
import * as outgoing from "./outgoing";
import * as people from "./people";
import { get, notifyMore, reset, set } from "./store";

const link = new Link({
  frame: incoming.take,
  hello: incoming.hello,
  // How friends are there is never guessed from what was heard before.
  standing: (standing) => set(standing.at === "online" ? { standing } : { standing, presences: {} }),
});

const ISLANDED_MS = 60_000;
let islandedTimer: ReturnType<typeof setTimeout> | undefined;

/** It may have its lease again without saying so: what it said last is shown for a while. */
function islanded(owner: string | null): void {
  set({ islanded: owner ?? get().me?.home_region ?? null });
  clearTimeout(islandedTimer);
  islandedTimer = setTimeout(() => set({ islanded: null }), ISLANDED_MS);
}

/** Take up the session that this browser has kept. */
export async function start(): Promise<void> {
  whenIslanded(islanded);
  session.whenEnded((why, forgotten) => {
    link.stop();
    incoming.speakOver(null);
    people.forget();
    reset(why === "logged-out" ? null : why);
    if (!forgotten) notifyMore("account.logout.left");
  });
  await entering(session.restore());
}

export async function register(handle: string, password: string, displayName: string): Promise<void> {
  await entering(session.register(handle, password, displayName));
}

export async function logIn(handle: string, password: string): Promise<void> {
  await entering(session.logIn(handle, password));
}

export const logOut = session.logOut;

/** Connect now instead of at the end of the countdown. */
export const hurry = link.hurry;

/** Let in whoever it is. In a browser that keeps nothing one could neither write nor stay logged in: then that is all that is shown. */
async function entering(who: Promise<Tokens | null>): Promise<void> {
  try {
    const me = await who;
    if (me === null) reset(null);
    else await enter(me);
  } catch (error) {
    if (error instanceof ApiError) throw error; // the region's word; whoever wants in is shown it
    set({ phase: "stuck", stuck: String(error) });
  }
}

async function enter(me: Tokens): Promise<void> {
  await outgoing.load();
  await loadKept();
  set({ phase: "in", ended: null, me });
  incoming.speakOver(link);
  link.start();
  void takeUpFiles().catch(() => {}); // they are still there for the next page
}

/** Files that were not sent are seldom left behind; what goes on with them comes only then. */
async function takeUpFiles(): Promise<void> {
  if ((await (await database()).count("files")) > 0) await (await import("./uploads")).takeUp();
}
