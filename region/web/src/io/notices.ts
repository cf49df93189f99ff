/** What notifications show in this browser. */

import { type Notices, readNotices } from "../core/notices";

const KEPT = "causeway.notices";

export function chosenNotices(): Notices {
  return readNotices(localStorage.getItem(KEPT));
}

export function chooseNotices(choice: Notices): void {
  localStorage.setItem(KEPT, choice);
}

/** Take away what is still shown of messages. */
export function closeNotices(): void {
  const shown = navigator.serviceWorker?.getRegistration("/web/").then((worker) => worker?.getNotifications());
  shown?.then(
    (notices = []) => {
      for (const notice of notices) notice.close();
    },
    () => {}, // where there is no such worker, nothing is shown by it
  );
}
