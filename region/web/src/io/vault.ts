/**
 * Where tokens rest between two loads of the page: encrypted in the browser's database, by a key that no script can read out.
 *
 * The API gives tokens to whoever logs in, in the answer's body, and knows no cookies; so some script must hold them. What is done about
 * it: they are in no global, no localStorage and no address of a page; at rest they are encrypted under a key that is not extractable;
 * and the page's policy runs no script but the app's own, and lets it connect to regions alone, so that there is hardly anywhere to send them.
 * Without a secure context (plain HTTP from another machine) browsers have no such keys: then tokens live as long as the page.
 */

import type { Tokens } from "../core/types";
import { vault } from "./database";
import { hasLeft } from "./tabs";

export interface Session {
  tokens: Tokens;
  /** By this machine's clock, milliseconds. */
  expiresAt: number;
}

interface Sealed {
  /** Whose device it is; an earlier version of the app did not note it. */
  device?: string;
  iv: Uint8Array<ArrayBuffer>;
  data: ArrayBuffer;
}

const isSafe = (): boolean => globalThis.crypto?.subtle !== undefined;

/** Let a session rest here, whosever has rested here before. */
export async function seal(session: Session): Promise<void> {
  await put(session, () => true);
}

/** Let a session that has gone on rest here in its own place, also where the browser has cleared that; not where its device was logged out, or another one has come. */
export async function reseal(session: Session): Promise<void> {
  const device = session.tokens.device_id;
  await put(session, (rests) => (rests === undefined ? !hasLeft(device) : isOf(device, rests)));
}

/** What rests is judged in the very transaction that replaces it: another tab comes before it or after it, never between. */
async function put({ tokens, expiresAt }: Session, may: (rests: Sealed | undefined) => boolean): Promise<void> {
  if (!isSafe()) return;
  const { key } = await read();
  const mine =
    key ?? (await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = new TextEncoder().encode(JSON.stringify({ tokens, expiresAt }));
  const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, mine, plain);
  const { store, done } = (await vault()).transaction("single", "readwrite");
  if (may((await store.get("session")) as Sealed | undefined)) {
    void store.put(mine, "key");
    void store.put({ device: tokens.device_id, iv, data } satisfies Sealed, "session");
  }
  await done;
}

/** Return what was sealed last, by whichever tab; null if there is nothing, or it cannot be opened. */
export async function unseal(): Promise<Session | null> {
  if (!isSafe()) return null;
  const { sealed, key } = await read();
  if (sealed === undefined || key === undefined) return null;
  try {
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv }, key, sealed.data);
    return JSON.parse(new TextDecoder().decode(plain)) as Session;
  } catch {
    return null;
  }
}

/** Throw away the session of a device, and its key; another one's that rests here by now stays. */
export async function forgetSession(deviceId: string): Promise<void> {
  if (!isSafe()) return;
  const { store, done } = (await vault()).transaction("single", "readwrite");
  const rests = (await store.get("session")) as Sealed | undefined;
  if (rests === undefined || isOf(deviceId, rests)) void store.clear();
  await done;
}

function isOf(deviceId: string, { device = deviceId }: Sealed): boolean {
  return device === deviceId;
}

async function read(): Promise<{ sealed: Sealed | undefined; key: CryptoKey | undefined }> {
  const { store, done } = (await vault()).transaction("single");
  const [sealed, key] = await Promise.all([store.get("session"), store.get("key")]);
  await done;
  return { sealed: sealed as Sealed | undefined, key: key as CryptoKey | undefined };
}
