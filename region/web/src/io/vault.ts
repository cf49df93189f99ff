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

export interface Session {
  tokens: Tokens;
  /** By this machine's clock, milliseconds. */
  expiresAt: number;
}

interface Sealed {
  iv: Uint8Array<ArrayBuffer>;
  data: ArrayBuffer;
}

const isSafe = (): boolean => globalThis.crypto?.subtle !== undefined;

async function key(): Promise<CryptoKey> {
  const kept = await vault();
  const found = (await kept.get("single", "key")) as CryptoKey | undefined;
  if (found !== undefined) return found;
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  await kept.put("single", made, "key");
  return made;
}

export async function seal(session: Session): Promise<void> {
  if (!isSafe()) return;
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = new TextEncoder().encode(JSON.stringify(session));
  const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await key(), plain);
  await (await vault()).put("single", { iv, data } satisfies Sealed, "session");
}

/** Return what was sealed last, by whichever tab; null if there is nothing, or it cannot be opened. */
export async function unseal(): Promise<Session | null> {
  if (!isSafe()) return null;
  const sealed = (await (await vault()).get("single", "session")) as Sealed | undefined;
  if (sealed === undefined) return null;
  try {
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv }, await key(), sealed.data);
    return JSON.parse(new TextDecoder().decode(plain)) as Session;
  } catch {
    return null;
  }
}
