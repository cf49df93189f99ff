/** The tabs of this browser, which are one device: when it is logged out in one, the others are told to leave at once. */

const NAME = "causeway.leaving";
const channel = globalThis.BroadcastChannel === undefined ? null : new BroadcastChannel(NAME);

/** Tell all other tabs that a device is logged out. */
export function tellLeaving(deviceId: string): void {
  channel?.postMessage(deviceId);
}

/** Who is told when another tab says so. Where a browser has no such channel, tabs notice when what they use is thrown away. */
export function whenLeaving(tell: (deviceId: string) => void): void {
  channel?.addEventListener("message", ({ data }) => tell(String(data)));
}
