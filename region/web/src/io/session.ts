/**
 * Who is logged in on this device, and an access token that is good for a while; tabs share one session.
 *
 * A page has one session in its life: when that has ended, the next one begins in a page that is loaded anew.
 */

import { newName } from "../core/names";
import type { Problem, Tokens } from "../core/types";
import { belongTo, forgetAccount, letGo, whenGone } from "./database";
import { deviceName } from "./device";
import { forgetDrafts } from "./drafts";
import { forgetImages } from "./images";
import { count, goElsewhere, here, PATIENCE_MS } from "./places";
import { ApiError } from "./problem";
import { hasLeft, LOGGED_OUT, tellLeaving, whenLeaving, whyLeft } from "./tabs";
import { forgetSession, reseal, type Session, seal, unseal } from "./vault";

/** How long before its end a token is exchanged, at most; a fifth of its life if that is short. */
const MARGIN_MS = 60_000;
const NOTHING = 204;
const NOBODY: Partial<Problem> = { code: "invalid-token", status: 401, definite: true };
const LOCK = "causeway.token";
/** What makes somebody's things go with the session: their own will, here or on another device. After anything else they are there when the same account comes in again. */
const WANTED = new Set([LOGGED_OUT, "revoked"]);
/** How long one region, and all of them together, are asked to log this device out; whoever leaves does not want to wait. */
const LEAVING_MS = { one: 5_000, all: 15_000 };
/** How long the browser may take to throw something away: another tab that does not let go of it holds that up. */
const FORGETTING_MS = 5_000;

let session: Session | null = null;
let onEnd: (why: string) => void = () => {};
let onLeft: (why: string, whole: boolean) => void = () => {};
/** Whether it is being ended by this page, which sees to all of it. */
let leaving = false;
/** Whether a session has ended in this page. */
let over = false;

/** Who is told when this device turns out to be logged out: it stops all that writes, before anything is thrown away. */
export function whenEnded(tell: typeof onEnd): void {
  onEnd = tell;
}

/** Who is told when the page may be loaded anew: why it ended, and whether all that was kept is thrown away. */
export function whenLeft(tell: typeof onLeft): void {
  onLeft = tell;
}

export function whoami(): Tokens | null {
  return session?.tokens ?? null;
}

/** Take up the session that this browser has, if any. */
export async function restore(): Promise<Tokens | null> {
  const found = await unseal();
  if (found === null) return null;
  const { tokens } = found;
  const why = whyLeft(tokens.device_id);
  if (why !== null) {
    await forget(tokens, why); // the page in which they left did not come to the end of it
    return null;
  }
  belongTo(tokens.user_id, tokens.device_id);
  session = found;
  return tokens;
}

/**
 * What was last wanted, of which region, and the key by which that one knows it again: an answer that was lost is asked for anew, by the same
 * button. Whoever is asked becomes one's home: another region would know nothing of it, and find the handle taken.
 */
let registering = { wanted: "", key: "", place: "" };

export async function register(handle: string, password: string, displayName: string): Promise<Tokens> {
  const wanted = JSON.stringify([handle, password]);
  if (registering.wanted !== wanted) registering = { wanted, key: newName(), place: here() };
  const body = { handle, password, display_name: displayName || null, device_name: deviceName() };
  const tokens = await come("/register", body, { key: registering.key, at: registering.place });
  registering = { wanted: "", key: "", place: "" };
  return tokens;
}

export async function logIn(handle: string, password: string): Promise<Tokens> {
  return come("/login", { handle, password, device_name: deviceName() });
}

/** Let somebody in: whose page it has been, if anybody's, it stays. */
async function come(path: string, body: object, asking: Asking = {}): Promise<Tokens> {
  if (over) throw new ApiError(NOBODY);
  const tokens = await post<Tokens>(path, body, asking);
  await seal(begin(tokens));
  return tokens;
}

/** Log this device out for good, and forget what it has kept; if nobody can be reached, the device is still forgotten here. */
export async function logOut(): Promise<void> {
  if (session === null) return;
  leaving = true;
  tellLeaving(session.tokens.device_id, LOGGED_OUT); // nothing is kept from now on, in no tab
  const telling = access().then((token) => post("/logout", null, { token, patienceMs: LEAVING_MS.one }));
  await isDone(telling, LEAVING_MS.all); // if not, its refresh token is thrown away all the same
  await end(LOGGED_OUT);
}

/**
 * Return an access token that is good.
 *
 * @param refused A token that was turned away: another one is fetched then.
 */
export async function access(refused?: string): Promise<string> {
  look();
  if (session === null) throw new ApiError(NOBODY);
  if (session.tokens.access_token !== refused && !isOld(session)) {
    return session.tokens.access_token;
  }
  return exclusively(async () => {
    const shared = await unseal(); // another tab may have been faster
    if (shared !== null && isAnothers(shared)) leave(); // somebody has logged in there
    if (session === null) throw new ApiError(NOBODY);
    // What rests here may be older than what this page has, where the browser had no room for it.
    if (shared !== null && shared.expiresAt > session.expiresAt) session = shared;
    if (session.tokens.access_token === refused || isOld(session)) {
      await refresh(session.tokens);
    }
    return session.tokens.access_token;
  });
}

function isAnothers({ tokens }: Session): boolean {
  return session !== null && tokens.device_id !== session.tokens.device_id;
}

function isOld({ tokens, expiresAt }: Session): boolean {
  return expiresAt - Math.min(MARGIN_MS, tokens.expires_in * 200) <= Date.now();
}

async function refresh(before: Tokens): Promise<void> {
  // Whoever has logged out meanwhile stays so, and whoever has logged in since is not logged out for it.
  const isStill = () => session?.tokens.device_id === before.device_id;
  const tokens = await post<Tokens>("/token", { refresh_token: before.refresh_token }).catch(async (error: unknown) => {
    if (error instanceof ApiError && error.status === 401 && isStill()) await end(error.tokenProblem ?? "expired");
    throw error;
  });
  if (!isStill()) throw new ApiError(NOBODY);
  await reseal(begin(tokens)).catch(() => {}); // a browser without room: this page goes on with it
}

function begin(tokens: Tokens): Session {
  belongTo(tokens.user_id, tokens.device_id);
  session = { tokens, expiresAt: Date.now() + tokens.expires_in * 1_000 };
  return session;
}

/** End the session: first all that writes stops, here and in other tabs, then what was kept is thrown away. */
async function end(reason: string): Promise<void> {
  if (session === null) return; // it has ended meanwhile, and what rests here now may be another account's
  const { tokens } = session;
  const why = leaving ? LOGGED_OUT : reason; // whatever the region finds while somebody leaves
  stop(why);
  tellLeaving(tokens.device_id, why);
  onLeft(why, await forget(tokens, why));
}

/** Throw away a session, and what was kept for it if that is wanted; return whether the browser has let go of all of it. Who has come since keeps what is theirs. */
async function forget({ user_id: userId, device_id: deviceId }: Tokens, why: string): Promise<boolean> {
  let back = false;
  const looking = unseal().then((rests) => {
    back = rests?.tokens.user_id === userId && rests.tokens.device_id !== deviceId;
  });
  await isDone(looking, FORGETTING_MS);
  const session = () => forgetSession(deviceId);
  const all =
    back || !WANTED.has(why)
      ? [session]
      : [async () => forgetDrafts(userId), () => forgetAccount(userId), () => forgetImages(userId), session];
  const done = await Promise.all(all.map((each) => isDone(each(), FORGETTING_MS)));
  return done.every(Boolean);
}

/** End the session in this tab alone: what it had is thrown away by another one, or the session here is another one by now. */
function leave(): void {
  if (session === null) return;
  const why = whyLeft(session.tokens.device_id) ?? LOGGED_OUT;
  stop(why);
  onLeft(why, true);
}

function stop(why: string): void {
  session = null;
  over = true;
  letGo();
  onEnd(why);
}

/** Leave if another tab has said so, also while this one was frozen. */
function look(): void {
  if (session !== null && !leaving && hasLeft(session.tokens.device_id)) leave();
}

whenGone(leave);
whenLeaving(look);

/** Wait for something, but not for ever; return whether it has come to a good end by then. */
async function isDone(work: Promise<unknown>, patienceMs: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, patienceMs, false);
  });
  const good = work.then(
    () => true,
    () => false,
  );
  return Promise.race([good, patience]).finally(() => clearTimeout(timer));
}

async function exclusively<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks === undefined ? work() : await navigator.locks.request(LOCK, work);
}

interface Asking {
  token?: string;
  /** By which it is known again when it is repeated. */
  key?: string;
  /** The only region that may be asked. */
  at?: string;
  patienceMs?: number;
}

async function post<T>(path: string, body: object | null, asking: Asking = {}): Promise<T> {
  const { token, key, at, patienceMs = PATIENCE_MS } = asking;
  const headers: Record<string, string> = {};
  if (token !== undefined) headers.Authorization = `Bearer ${token}`;
  if (body !== null) headers["Content-Type"] = "application/json";
  if (key !== undefined) headers["Idempotency-Key"] = key;
  const wanted = { method: "POST", headers, body: body === null ? null : JSON.stringify(body) };
  for (let attempt = 1; ; attempt++) {
    const place = at ?? here();
    try {
      const answer = await fetch(place + path, { ...wanted, signal: AbortSignal.timeout(patienceMs) });
      const content = answer.status === NOTHING ? undefined : await answer.json();
      if (!answer.ok) throw new ApiError(content as Partial<Problem>);
      return content as T;
    } catch (error) {
      if (error instanceof ApiError) throw error;
      // Each of these is safe to repeat, and but for a registration through any region.
      if (at === undefined) goElsewhere(place);
      if (attempt >= count()) throw new ApiError({});
    }
  }
}
