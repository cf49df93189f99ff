/** The way to the reports, for those whose work they are; nobody else sees it. */

import { useEffect, useState } from "react";
import { Link } from "wouter";
import { openReports } from "../../state/moderating";
import { t } from "../../words";
import { Section } from "./Section";

export function ModerationLink() {
  const [open, setOpen] = useState<number | null>(null);
  useEffect(() => {
    let stale = false;
    openReports()
      .then((reports) => {
        if (!stale) setOpen(reports?.length ?? null);
      })
      .catch(() => {}); // whoever is one knows the way, and looks again
    return () => {
      stale = true;
    };
  }, []);
  if (open === null) return null;
  return (
    <Section title={t("settings.moderation")}>
      <p className="buttons">
        <Link href="/moderation" className="button">
          {t("settings.moderation.open", { n: open })}
        </Link>
      </p>
    </Section>
  );
}
