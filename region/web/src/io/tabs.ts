/** The tabs of this browser, which are one device: when it is logged out in one, the others are told to leave at once; one that was frozen finds it noted. */

const NAME = "causeway.leaving";
const NOTED = "causeway.left";
/** So many devices that were logged out here are remembered: a tab that has slept through more is turned away by its region. */
const MOST = 20;
const LOOKS = ["storage", "pageshow", "focus"];
/** Why somebody's device is logged out if they wanted it, here and now. */
export const LOGGED_OUT = "logged-out";
/** Device to why, as this page has said or was told; what is noted outlasts it, where the browser has room for that. */
const heard = new Map<string, string>();
const channel = globalThis.BroadcastChannel === undefined ? null : new BroadcastChannel(NAME);

/** Tell all other tabs that a device is logged out, and whatever page comes later. What was said of it before counts, unless this is somebody's will. */
export function tellLeaving(deviceId: string, reason: string): void {
  const why = reason === LOGGED_OUT ? reason : (whyLeft(deviceId) ?? reason);
  heard.set(deviceId, why);
  try {
    const all = new Map(noted());
    all.delete(deviceId);
    localStorage.setItem(NOTED, JSON.stringify([...all.set(deviceId, why)].slice(-MOST).map(spelled)));
  } catch {
    // A browser without room: tabs that are awake are told all the same.
  }
  channel?.postMessage({ deviceId, why });
}

/** Return why a device was logged out in this browser, by whichever tab; null if it was not. */
export function whyLeft(deviceId: string): string | null {
  return deviceId === "" ? null : (heard.get(deviceId) ?? noted().get(deviceId) ?? null);
}

/** Whether a device was logged out in this browser, by whichever tab. */
export function hasLeft(deviceId: string): boolean {
  return whyLeft(deviceId) !== null;
}

/** Who is told when another tab says so, or may have said so while this one could not listen. */
export function whenLeaving(tell: () => void): void {
  channel?.addEventListener("message", ({ data }) => {
    heard.set(data.deviceId, data.why);
    tell();
  });
  for (const look of LOOKS) globalThis.addEventListener?.(look, tell);
}

/** A note is a device, and why it is logged out unless somebody wanted it: `v1`, `v2 expired`. */
function spelled([deviceId, why]: [string, string]): string {
  return why === LOGGED_OUT ? deviceId : `${deviceId} ${why}`;
}

function noted(): ReadonlyMap<string, string> {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(NOTED) ?? "[]");
    const notes = (Array.isArray(found) ? found : []).map((note) => String(note).split(" "));
    return new Map(notes.map(([deviceId = "", why = LOGGED_OUT]) => [deviceId, why]));
  } catch {
    return new Map();
  }
}
