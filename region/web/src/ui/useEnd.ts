/** Whether the end of a history is in view, and whether one goes on with it as more comes. */

import { type RefObject, useCallback, useRef, useState } from "react";
import type { VirtuosoHandle } from "react-virtuoso";

/** Whether one looks at the end, and goes on to as more comes. */
export type Follows = RefObject<boolean>;

const BY_HAND_MS = 500;
const BY_HAND = ["wheel", "touchmove", "pointerdown", "keydown"] as const;

/**
 * Whether the end is in view. Who looks at it goes on to, when messages come faster than they are laid out, and when a banner or a
 * keyboard takes away some of the height; who scrolls away does not.
 */
export function useEnd(list: RefObject<VirtuosoHandle | null>) {
  const [atEnd, setAtEnd] = useState(true);
  const follows = useRef(true); // a list begins at its end, unless there is another place to go to
  const byHand = useRef(Number.NEGATIVE_INFINITY);
  // The list measures itself first.
  const goOn = useCallback(
    () => requestAnimationFrame(() => follows.current && list.current?.scrollToIndex({ index: "LAST", align: "end" })),
    [list],
  );
  const onEnd = (end: boolean) => {
    setAtEnd(end);
    if (end) follows.current = true;
    else if (performance.now() - byHand.current < BY_HAND_MS) follows.current = false;
    else if (follows.current) goOn();
  };
  const frame = useCallback(
    (element: HTMLDivElement | null) => {
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
  return { atEnd, onEnd, follows, frame };
}
