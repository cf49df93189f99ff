/** Who is logged in on this device, and an access token that is good for a while; tabs share one session. */

import type { Problem, Tokens } from "../core/types";
import { belongTo, forgetAccount, forgetVault, letGo, whenGone } from "./database";
import { forgetDrafts } from "./drafts";
import { count, goElsewhere, here, PATIENCE_MS } from "./places";
import { ApiError } from "./problem";
import { tellLeaving, whenLeaving } from "./tabs";
import { type Session, seal, unseal } from "./vault";

/** How long before its end a token is exchanged, at most; a fifth of its life if that is short. */
const MARGIN_MS = 60_000;
const NOTHING = 204;
const NOBODY: Partial<Problem> = { code: "invalid-token", status: 401, definite: true };
const LOCK = "causeway.token";
/** How long one region, and all of them together, are asked to log this device out; whoever leaves does not want to wait. */
const LEAVING_MS = { one: 5_000, all: 15_000 };
/** How long the browser may take to throw something away: another tab that does not let go of it holds that up. */
const FORGETTING_MS = 5_000;

let session: Session | null = null;
let onEnd: (why: string) => void = () => {};
let onLeft: () => void = () => {};
/** Ends when what was kept of who was here before is thrown away, or cannot be; whoever comes next waits for it. */
let forgetting: Promise<void> = Promise.resolve();

/** Who is told when this device turns out to be logged out: it stops all that writes, before anything is thrown away. */
export function whenEnded(tell: typeof onEnd): void {
  onEnd = tell;
}

/** Who is told when something that was kept could not be thrown away. */
export function whenLeft(tell: typeof onLeft): void {
  onLeft = tell;
}

export function whoami(): Tokens | null {
  return session?.tokens ?? null;
}

/** Take up the session that this browser has, if any. */
export async function restore(): Promise<Tokens | null> {
  session = await unseal();
  if (session !== null) belongTo(session.tokens.user_id);
  return whoami();
}

export async function register(handle: string, password: string, displayName: string): Promise<Tokens> {
  const body = { handle, password, display_name: displayName || null, device_name: deviceName() };
  return come(await post<Tokens>("/register", body));
}

export async function logIn(handle: string, password: string): Promise<Tokens> {
  return come(await post<Tokens>("/login", { handle, password, device_name: deviceName() }));
}

/** Let somebody in, once nothing of who was here before is thrown away any more. */
async function come(tokens: Tokens): Promise<Tokens> {
  await forgetting;
  return begin(tokens);
}

/** Log this device out for good, and forget what it has kept; if nobody can be reached, the device is still forgotten here. */
export async function logOut(): Promise<void> {
  const telling = access().then((token) => post("/logout", null, { token, patienceMs: LEAVING_MS.one }));
  await isDone(telling, LEAVING_MS.all); // if not, its refresh token is thrown away all the same
  await end("logged-out");
}

/**
 * Return an access token that is good.
 *
 * @param refused A token that was turned away: another one is fetched then.
 */
export async function access(refused?: string): Promise<string> {
  if (session === null) throw new ApiError(NOBODY);
  if (session.tokens.access_token !== refused && !isOld(session)) {
    return session.tokens.access_token;
  }
  return exclusively(async () => {
    const shared = await unseal(); // another tab may have been faster
    if (shared !== null && isAnothers(shared)) leave(); // somebody else has logged in there
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
  return session !== null && tokens.user_id !== session.tokens.user_id;
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
  await begin(tokens).catch(() => {}); // a browser without room: this page goes on with it
}

async function begin(tokens: Tokens): Promise<Tokens> {
  session = { tokens, expiresAt: Date.now() + tokens.expires_in * 1_000 };
  belongTo(tokens.user_id);
  await seal(session);
  return tokens;
}

/** End the session: first all that writes stops, here and in other tabs, then what was kept is thrown away. */
async function end(why: string): Promise<void> {
  if (session === null) return; // it has ended meanwhile, and what rests here now may be another account's
  const { tokens } = session;
  leave(why);
  tellLeaving(tokens.device_id);
  forgetting = forget(tokens.user_id);
  await forgetting;
}

async function forget(userId: string): Promise<void> {
  let ours = true;
  const looking = unseal().then((shared) => {
    ours = shared === null || shared.tokens.user_id === userId;
  });
  await isDone(looking, FORGETTING_MS);
  const all = [async () => forgetDrafts(userId), () => forgetAccount(userId), ...(ours ? [forgetVault] : [])];
  const done = await Promise.all(all.map((each) => isDone(each(), FORGETTING_MS)));
  if (!done.every(Boolean)) onLeft(); // whatever the browser does not let go of
}

/** End the session in this tab alone: what it had is thrown away by another one, or the session here is another account's by now. */
function leave(why = "logged-out"): void {
  if (session === null) return;
  session = null;
  letGo();
  onEnd(why);
}

whenGone(leave);
whenLeaving((deviceId) => {
  if (session?.tokens.device_id === deviceId) leave();
});

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
  patienceMs?: number;
}

async function post<T>(path: string, body: object | null, asking: Asking = {}): Promise<T> {
  const { token, patienceMs = PATIENCE_MS } = asking;
  const headers: Record<string, string> = {};
  if (token !== undefined) headers.Authorization = `Bearer ${token}`;
  if (body !== null) headers["Content-Type"] = "application/json";
  const wanted = { method: "POST", headers, body: body === null ? null : JSON.stringify(body) };
  for (let attempt = 1; ; attempt++) {
    const place = here();
    try {
      const answer = await fetch(place + path, { ...wanted, signal: AbortSignal.timeout(patienceMs) });
      const content = answer.status === NOTHING ? undefined : await answer.json();
      if (!answer.ok) throw new ApiError(content as Partial<Problem>);
      return content as T;
    } catch (error) {
      if (error instanceof ApiError) throw error;
      // Each of these is safe to repeat, through any region.
      goElsewhere(place);
      if (attempt >= count()) throw new ApiError({});
    }
  }
}

function deviceName(): string {
  const system = /Android|iPhone|iPad|Mac OS X|Windows|Linux/.exec(navigator.userAgent)?.[0] ?? "";
  const browser = /Firefox|Edg|OPR|Chrome|Safari/.exec(navigator.userAgent)?.[0] ?? "";
  const names: Record<string, string> = { Edg: "Edge", OPR: "Opera", "Mac OS X": "macOS" };
  return [browser, system]
    .map((word) => names[word] ?? word)
    .filter(Boolean)
    .join(", ");
}
