/** Takes the focus along when another page opens: to its title, or back in the list to what was open; unless something has taken it already. */

import { type RefObject, useEffect } from "react";
import { conversationOf } from "../core/leaving";

/**
 * Stands beside the page, so that it arrives when that does.
 *
 * @param left The path of the page before; null for the first one, where the browser has its own way.
 */
export function Arrived({ path, left }: { path: string; left: RefObject<string | null> }) {
  useEffect(() => {
    const before = left.current;
    left.current = path;
    if (before === null || before === path) return;
    const target = path === "/" ? inList(conversationOf(before)) : titleOf(document.querySelector(".content"));
    if (target === null) return;
    if (target.tabIndex < 0) target.tabIndex = -1; // it can be focused now, and is still no stop for Tab
    target.focus({ preventScroll: true });
  }, [path, left]);
  return null;
}

const TYPED_INTO = "input, textarea, select";

function titleOf(page: Element | null): HTMLElement | null {
  if (document.activeElement?.matches(TYPED_INTO)) return null;
  return page?.contains(document.activeElement) ? null : (page?.querySelector("h2") ?? null);
}

/** The row of what was open, or the list itself, from which arrows go to its rows; on a phone what had the focus is not drawn any more. */
function inList(id: string | null): HTMLElement | null {
  const focused = document.activeElement;
  if (focused !== null && focused !== document.body && focused.getClientRects().length > 0) return null;
  const row = id === null ? null : `.sidebar a.row[href$="/c/${CSS.escape(id)}"]`;
  return document.querySelector<HTMLElement>(row ?? ".sidebar") ?? document.querySelector<HTMLElement>(".sidebar");
}
