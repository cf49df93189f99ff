/** Messages that were found, as far as they were asked for. Pure. */

export interface Page<Hit> {
  hits: readonly Hit[];
  next: string | null;
}

export interface Found<Hit> extends Page<Hit> {
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
