/** What one wants of a conversation, for oneself alone and on all of one's devices. */

import { useLocation } from "wouter";
import { prefer } from "../state/preferring";
import { useStore } from "../state/store";
import { t } from "../words";
import { useAttempt } from "./useAttempt";

const FOR_EVER = "9999-12-31T00:00:00Z";

export function Wishes({ id }: { id: string }) {
  const wishes = useStore((state) => state.inbox[id]?.preferences);
  const [, go] = useLocation();
  const { busy, wrong, attempt } = useAttempt();
  const muted = wishes?.muted_until !== null && wishes !== undefined && Date.parse(wishes.muted_until) > Date.now();
  const archived = wishes?.archived ?? false;
  const pinned = wishes?.pinned ?? false;

  async function markUnread() {
    await prefer(id, { marked_unread: true });
    go("/"); // who goes on looking at it has read it
  }

  return (
    <div className="buttons">
      <button
        type="button"
        className="button"
        aria-pressed={muted}
        disabled={busy}
        onClick={() => void attempt(() => prefer(id, { muted_until: muted ? null : FOR_EVER }))}
      >
        {t(muted ? "about.unmute" : "about.mute")}
      </button>
      <button
        type="button"
        className="button"
        aria-pressed={pinned}
        disabled={busy}
        onClick={() => void attempt(() => prefer(id, { pinned: !pinned }))}
      >
        {t(pinned ? "about.unpin" : "about.pin")}
      </button>
      <button
        type="button"
        className="button"
        aria-pressed={archived}
        disabled={busy}
        onClick={() => void attempt(() => prefer(id, { archived: !archived }))}
      >
        {t(archived ? "about.unarchive" : "about.archive")}
      </button>
      <button type="button" className="button" disabled={busy} onClick={() => void attempt(markUnread)}>
        {t("about.unread")}
      </button>
      {wrong !== null && <p className="warning">{wrong}</p>}
    </div>
  );
}
