/** The tabs of this browser, which are one device: when it is logged out in one, the others are told to leave at once; one that was frozen finds it noted. */

const NAME = "causeway.leaving";
const NOTED = "causeway.left";
/** So many devices that were logged out here are remembered: a tab that has slept through more is turned away by its region. */
const MOST = 20;
const LOOKS = ["storage", "pageshow", "focus"];
/** What this page has said or was told; what is noted outlasts it, where the browser has room for that. */
const heard = new Set<string>();
const channel = globalThis.BroadcastChannel === undefined ? null : new BroadcastChannel(NAME);

/** Tell all other tabs that a device is logged out, and whatever page comes later. */
export function tellLeaving(deviceId: string): void {
  heard.add(deviceId);
  try {
    if (!noted().includes(deviceId)) localStorage.setItem(NOTED, JSON.stringify([...noted(), deviceId].slice(-MOST)));
  } catch {
    // A browser without room: tabs that are awake are told all the same.
  }
  channel?.postMessage(deviceId);
}

/** Whether a device was logged out in this browser, by whichever tab. */
export function hasLeft(deviceId: string): boolean {
  return deviceId !== "" && (heard.has(deviceId) || noted().includes(deviceId));
}

/** Who is told when another tab says so, or may have said so while this one could not listen. */
export function whenLeaving(tell: () => void): void {
  channel?.addEventListener("message", ({ data }) => {
    heard.add(String(data));
    tell();
  });
  for (const look of LOOKS) globalThis.addEventListener?.(look, tell);
}

function noted(): readonly unknown[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(NOTED) ?? "[]");
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}
