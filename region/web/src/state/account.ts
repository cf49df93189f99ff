/** Coming and going: taking up a session, registering, logging in and out; and the connection that goes with it. */

import type { Tokens } from "../core/types";
import { whenIslanded } from "../io/api";
import { database } from "../io/database";
import { Link } from "../io/link";
import { closeNotices } from "../io/notices";
import { parted, renew } from "../io/page";
import { troubleOf } from "../io/problem";
import * as session from "../io/session";
import { loadKept } from "./history";
import * as incoming from "./incoming";
import * as outgoing from "./outgoing";
import * as people from "./people";
import { why } from "./saying";
import { clear, get, notifyMore, set } from "./store";

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
  session.whenEnded(stop);
  session.whenLeft((why, whole) => renew({ ended: why === "logged-out" ? null : why, whole }));
  const { ended, whole } = parted();
  await entering(session.restore(), ended);
  if (!whole) notifyMore("account.logout.left");
}

/** Nothing is said, asked, kept or shown from now on; the next who comes in does so in a page that is loaded anew. */
function stop(): void {
  clear("leaving");
  closeNotices();
  link.stop();
  incoming.speakOver(null);
  people.forget();
}

export async function register(handle: string, password: string, displayName: string): Promise<void> {
  await entering(session.register(handle, password, displayName));
}

export async function logIn(handle: string, password: string): Promise<void> {
  await entering(session.logIn(handle, password));
}

/** Log out: at once nothing more is done here, however long it takes until the region knows. */
export async function logOut(): Promise<void> {
  stop();
  await session.logOut();
}

/** Connect now instead of at the end of the countdown. */
export const hurry = link.hurry;

/** Let in whoever it is. What the way in can say, it says; else what went wrong is all that is shown: in a browser that keeps nothing one could neither write nor stay logged in. */
async function entering(who: Promise<Tokens | null>, ended: string | null = null): Promise<void> {
  try {
    const me = await who;
    if (me === null) clear("out", ended);
    else await enter(me);
  } catch (error) {
    if (get().phase === "leaving") return;
    const kind = troubleOf(error);
    if (get().phase === "out" && (kind === "region" || kind === "network")) throw error;
    set({ phase: "stuck", stuck: { kind, reason: kind === "region" ? why(error) : String(error) } });
  }
}

async function enter(me: Tokens): Promise<void> {
  await outgoing.load();
  await loadKept();
  if (get().phase === "leaving") return;
  set({ phase: "in", ended: null, me });
  incoming.speakOver(link);
  link.start();
  void takeUpFiles().catch(() => {}); // they are still there for the next page
}

/** Files that were not sent are seldom left behind; what goes on with them comes only then. */
async function takeUpFiles(): Promise<void> {
  if ((await (await database()).count("files")) > 0) await (await import("./uploads")).takeUp();
}
