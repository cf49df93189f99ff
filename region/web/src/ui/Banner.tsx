/** Says when there is no connection, and when it is tried again. */

import { useEffect, useState } from "react";
import { hurry } from "../state/account";
import { useStore } from "../state/store";
import { t } from "../words";

const PATIENCE_MS = 1_500;

export function Banner() {
  const standing = useStore((state) => state.standing);
  const region = useStore((state) => state.me?.home_region ?? "");
  const [now, setNow] = useState(Date.now);
  const [since, setSince] = useState(Date.now);
  const bad = standing.at === "waiting" || standing.at === "connecting";

  useEffect(() => {
    if (!bad) return;
    setSince(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [bad]);

  // A reconnection that takes a moment is nobody's business.
  if (!bad || now - since < PATIENCE_MS) return null;
  return (
    <div className="banner" role="status">
      <span>{said()}</span>
      {standing.at === "waiting" && (
        <button type="button" className="plain" onClick={hurry}>
          {t("banner.now")}
        </button>
      )}
    </div>
  );

  function said(): string {
    if (!navigator.onLine) return t("banner.offline");
    if (standing.at !== "waiting") return t("banner.connecting");
    const n = Math.max(1, Math.ceil((standing.until - now) / 1_000));
    return standing.away ? t("banner.away", { n, region }) : t("banner.waiting", { n });
  }
}
