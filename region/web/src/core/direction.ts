/** What arrows mean, which the page's direction turns. Pure. */

/** Return by how much an arrow to the left or right goes on, in the page's own direction; 0 for any other key. */
export function across(key: string, rightToLeft: boolean): -1 | 0 | 1 {
  if (key !== "ArrowLeft" && key !== "ArrowRight") return 0;
  return (key === "ArrowRight") !== rightToLeft ? 1 : -1;
}

/** Return the tab that a key goes to from another one: round and round by arrows, to the ends by Home and End; null for any other key. */
export function tabBy<Tab>(key: string, tabs: readonly Tab[], from: Tab, rightToLeft: boolean): Tab | null {
  if (key === "Home") return tabs[0] ?? null;
  if (key === "End") return tabs.at(-1) ?? null;
  const by = across(key, rightToLeft);
  return by === 0 ? null : (tabs[(tabs.indexOf(from) + by + tabs.length) % tabs.length] ?? null);
}
