/** Where one stands in a history: at its end, going on with it as more comes; on the way to another place; or wherever one has scrolled to. */

import { type RefObject, useCallback, useRef, useState } from "react";
import type { VirtuosoHandle } from "react-virtuoso";

/** Goes to a row until it is there, whatever else moves the list, and does not follow the end any more; returns what gives that up. */
export type GoTo = (place: () => number, align: "start" | "center") => () => void;

const BY_HAND_MS = 500;
/** So long a row stands where it is to before that is believed, so often the list is told again, and so long at most: a browser that has no time lays out slowly, and whoever scrolls ends it. */
const STAYS_MS = 300;
const AGAIN_MS = 100;
const GO_MS = 30_000;
const BY_HAND = ["wheel", "touchmove", "pointerdown", "keydown"] as const;

/**
 * Whether the end is in view. Who looks at it goes on to, when messages come faster than they are laid out, and when a banner or a
 * keyboard takes away some of the height; who scrolls away does not.
 */
export function useEnd(list: RefObject<VirtuosoHandle | null>) {
  const [atEnd, setAtEnd] = useState(true);
  const follows = useRef(true); // a list begins at its end, unless there is another place to go to
  const byHand = useRef(Number.NEGATIVE_INFINITY);
  const seeking = useRef(false);
  const view = useRef<HTMLDivElement | null>(null);
  // The list measures itself first.
  const goOn = useCallback(
    () => requestAnimationFrame(() => follows.current && list.current?.scrollToIndex({ index: "LAST", align: "end" })),
    [list],
  );
  // A list that has just begun, or lays out what has come, forgets where it was told to go, or goes where it was to begin.
  const goTo = useCallback<GoTo>(
    (place, align) => {
      [follows.current, seeking.current] = [false, true];
      const began = performance.now();
      let [since, told, next] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
      const isOver = () => {
        seeking.current = false;
        follows.current = isAtEnd(view.current); // what is sought may be the end
      };
      const look = () => {
        const [now, index] = [performance.now(), place()];
        const isThere = told >= began && stands(view.current, index, align);
        since = isThere ? Math.min(since, now) : Number.POSITIVE_INFINITY;
        if (!isThere && index >= 0 && now - told > AGAIN_MS) {
          told = now;
          list.current?.scrollToIndex({ index, align });
        }
        if (now - since > STAYS_MS || now - began > GO_MS || byHand.current > began) isOver();
        else next = requestAnimationFrame(look);
      };
      look();
      return () => {
        cancelAnimationFrame(next);
        if (seeking.current) isOver();
      };
    },
    [list],
  );
  const onEnd = (end: boolean) => {
    setAtEnd(end);
    if (seeking.current) return;
    if (end) follows.current = true;
    else if (performance.now() - byHand.current < BY_HAND_MS) follows.current = false;
    else if (follows.current) goOn();
  };
  const frame = useCallback(
    (element: HTMLDivElement | null) => {
      view.current = element;
      if (element === null) return;
      const noted = () => {
        byHand.current = performance.now();
      };
      for (const kind of BY_HAND) element.addEventListener(kind, noted, { passive: true });
      const observer = new ResizeObserver(() => {
        if (follows.current) goOn();
      });
      observer.observe(element);
      return () => {
        observer.disconnect();
        for (const kind of BY_HAND) element.removeEventListener(kind, noted);
      };
    },
    [goOn],
  );
  return { atEnd, onEnd, follows, seeking, frame, goTo };
}

export type End = ReturnType<typeof useEnd>;

const NEAR = 48;

/** Whether there is no more to scroll, as it is laid out: what the list itself tells of that comes late where a browser has no time. */
function isAtEnd(view: HTMLElement | null): boolean {
  const rows = view?.querySelector(".rows");
  return rows != null && rows.scrollHeight - rows.scrollTop - rows.clientHeight <= NEAR;
}

/** Whether a row stands where it was to be brought, or in view where there is no more to scroll. */
function stands(view: HTMLElement | null, index: number, align: "start" | "center"): boolean {
  const row = view?.querySelector(`[data-index="${index}"]`)?.getBoundingClientRect();
  const around = view?.getBoundingClientRect();
  if (row === undefined || around === undefined) return false;
  if (align === "start" && !isAtEnd(view)) return Math.abs(row.top - around.top) <= NEAR;
  const isWhole = row.top >= around.top - 1 && row.bottom <= around.bottom + 1;
  return isWhole || (row.top <= around.top && row.bottom >= around.bottom);
}
