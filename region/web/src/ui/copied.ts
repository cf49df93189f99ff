/** Puts a text where it can be pasted from; a browser that does not let the page do so is told of. */

import { notify } from "../state/store";
import { t } from "../words";

export async function copied(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text); // neither there without a secure context, nor always allowed
  } catch {
    if (!selectedAndCopied(text)) notify(t("copy.refused"));
  }
}

/** The way of before, which needs neither; return whether it was one. */
function selectedAndCopied(text: string): boolean {
  const focused = document.activeElement;
  const place = Object.assign(document.createElement("textarea"), { value: text, readOnly: true });
  place.style.position = "fixed";
  place.style.opacity = "0";
  document.body.append(place);
  place.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    place.remove();
    if (focused instanceof HTMLElement) focused.focus();
  }
}
