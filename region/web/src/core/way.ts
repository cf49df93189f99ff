/** By which way a message has come, hop by hop. Pure. */

export type Hop = readonly [stage: string, at: number];

export interface Step {
  region: string;
  part: string;
  /** Milliseconds since the hop before; regions' clocks differ, so between regions it may be less than nothing. */
  after: number;
}

/** Return the steps of a way; stages are called `region.part`, times are microseconds since the epoch. */
export function stepsOf(hops: readonly Hop[]): Step[] {
  return hops.map(([stage, at], place) => {
    const cut = stage.indexOf(".");
    const before = hops[place - 1]?.[1] ?? at;
    return {
      region: cut < 0 ? "" : stage.slice(0, cut),
      part: stage.slice(cut + 1),
      after: Math.round((at - before) / 100) / 10,
    };
  });
}
