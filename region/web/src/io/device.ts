/** What this device is called where its owner sees all of theirs: by its browser and its system. */

export function deviceName(): string {
  const system = /Android|iPhone|iPad|Mac OS X|Windows|Linux/.exec(navigator.userAgent)?.[0] ?? "";
  const browser = /Firefox|Edg|OPR|Chrome|Safari/.exec(navigator.userAgent)?.[0] ?? "";
  const names: Record<string, string> = { Edg: "Edge", OPR: "Opera", "Mac OS X": "macOS" };
  return [browser, system]
    .map((word) => names[word] ?? word)
    .filter(Boolean)
    .join(", ");
}
