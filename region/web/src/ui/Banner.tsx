/** Says when there is no connection: why, as far as it is known, and when and where it is tried again. */

import { useEffect, useState } from "react";
import { nameOf } from "../io/places";
import { hurry } from "../state/account";
import { useStore } from "../state/store";
import { t } from "../words";

const PATIENCE_MS = 1_500;

export function Banner() {
  const standing = useStore((state) => state.standing);
  const home = useStore((state) => state.me?.home_region ?? "");
  const islanded = useStore((state) => state.islanded);
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
  const down = bad && now - since >= PATIENCE_MS;
  if (!down && islanded === null) return null;
  return (
    <div className="banner">
      {/* Why is told once; the seconds beside it are there to be read, not told each. */}
      <span>
        <span role="status">{down ? why() : t("banner.islanded", { region: islanded ?? home })}</span>
        {down && ` ${what()}`}
      </span>
      {down && standing.at === "waiting" && (
        <button type="button" className="plain" onClick={hurry}>
          {t("banner.now")}
        </button>
      )}
    </div>
  );

  function why(): string {
    if (!navigator.onLine) return t("banner.offline");
    const plight = "plight" in standing ? standing.plight : null;
    switch (plight?.kind) {
      case "away":
        return t("banner.away", { region: home });
      case "silent":
        return t("banner.silent", { region: nameOf(plight.place) });
      case "busy":
        return t("banner.busy", { region: home });
      default:
        return t("banner.kept");
    }
  }

  function what(): string {
    if (standing.at !== "waiting") return t("banner.connecting");
    const n = Math.max(1, Math.ceil((standing.until - now) / 1_000));
    return t("banner.waiting", { n, next: nameOf(standing.next) });
  }
}
