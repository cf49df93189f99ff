/** What notifications show in this browser. */

import { type Notices, readNotices } from "../core/notices";

const KEPT = "causeway.notices";

export function chosenNotices(): Notices {
  return readNotices(localStorage.getItem(KEPT));
}

export function chooseNotices(choice: Notices): void {
  localStorage.setItem(KEPT, choice);
}
