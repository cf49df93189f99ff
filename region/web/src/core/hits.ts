/** Messages that are searched for: by what they say, and narrowed down; and those that were found, as far as they were asked for. Pure. */

export interface Page<Hit> {
  hits: readonly Hit[];
  next: string | null;
}

export interface Found<Hit> extends Page<Hit> {
  /** What was searched for. */
  query: string;
  narrowed: Narrowed;
  /** How many conversations could be searched only in part. */
  incomplete: number;
  /** Why no more of them could be had. */
  wrong: string | null;
}

/** Add one more page, or why there is none, to what it was asked for; what has been searched for since stays as it is. */
export function withPage<Hit>(
  now: Found<Hit> | null,
  askedFor: Found<Hit>,
  page: Page<Hit> | { wrong: string },
): Found<Hit> | null {
  if (now !== askedFor) return now;
  if ("wrong" in page) return { ...now, wrong: page.wrong };
  return { ...now, hits: [...now.hits, ...page.hits], next: page.next, wrong: null };
}

/** Of which messages those are wanted that say so; what is empty narrows nothing. */
export interface Narrowed {
  conversationId: string;
  senderId: string;
  /** Of the conversation (`direct`, `group`, `channel`), or what is attached (`image`, `file`). */
  kind: string;
  /** The first and the last day, by the reader's calendar, as `2026-11-26`. */
  from: string;
  until: string;
}

export const WIDE: Narrowed = { conversationId: "", senderId: "", kind: "", from: "", until: "" };
export const KINDS = ["direct", "group", "channel", "image", "file"] as const;

/** Return by how many wishes it is narrowed. */
export function narrowness(narrowed: Narrowed): number {
  return Object.values(narrowed).filter((wish) => wish !== "").length;
}

/** Return what to ask the region for; days are the reader's own, from their first moment to their last. */
export function wanted(query: string, narrowed: Narrowed, cursor: string | null) {
  const asked = {
    conversation_id: narrowed.conversationId,
    sender_id: narrowed.senderId,
    kind: narrowed.kind,
    from: beginningOf(narrowed.from, 0),
    until: beginningOf(narrowed.until, 1),
    cursor: cursor ?? "",
  };
  return { query, ...Object.fromEntries(Object.entries(asked).filter(([, wish]) => wish !== "")) };
}

/** Return what to ask for to have more of what was found. */
export function wantedNext({ query, narrowed, next }: Found<unknown>) {
  return wanted(query, narrowed, next);
}

/** Return when a day begins, or one so many days later: days are not all of the same length. */
function beginningOf(day: string, later: number): string {
  const [year, month, date] = day.split("-").map(Number);
  if (year === undefined || month === undefined || date === undefined) return "";
  const beginning = new Date(year, month - 1, date + later);
  return Number.isNaN(beginning.getTime()) ? "" : beginning.toISOString();
}
