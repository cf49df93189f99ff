/** What a notification of a message shows. Pure. */

export const NOTICES = ["full", "quiet", "off"] as const;
export type Notices = (typeof NOTICES)[number];

/** Read what was chosen; whatever else stands there means that nothing was. */
export function readNotices(kept: string | null): Notices {
  return NOTICES.find((each) => each === kept) ?? "full";
}

/** Return what a notification says; null if none is to be shown. */
export function noticeOf(
  choice: Notices,
  said: { title: string; body: string },
  quiet: { title: string; body: string },
): { title: string; body: string } | null {
  return choice === "off" ? null : choice === "quiet" ? quiet : said;
}
