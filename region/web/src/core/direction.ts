/** What the page's direction turns. Pure. */

/** Return by how much an arrow to the left or right goes on, in the page's own direction; 0 for any other key. */
export function across(key: string, rightToLeft: boolean): -1 | 0 | 1 {
  if (key !== "ArrowLeft" && key !== "ArrowRight") return 0;
  return (key === "ArrowRight") !== rightToLeft ? 1 : -1;
}
