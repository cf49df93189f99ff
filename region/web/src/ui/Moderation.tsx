/** The reports of a region, one below the other, and what is decided about each. */

import { useEffect, useState } from "react";
import type { Report } from "../core/types";
import { liftSuspension, openReports } from "../state/moderating";
import { useStore } from "../state/store";
import { t } from "../words";
import { usePlainName } from "./names";
import { Panel } from "./Panel";
import { ReportCard } from "./ReportCard";
import "./styles/settings.css";
import { useAttempt } from "./useAttempt";

/** What was decided last, about whom. */
export interface Decided {
  how: "dismissed" | "deleted" | "suspended" | "lifted";
  userId: string;
}

export default function Moderation() {
  const region = useStore((state) => state.me?.home_region ?? "");
  const [reports, setReports] = useState<readonly Report[] | null | undefined>(undefined);
  const [decided, setDecided] = useState<Decided | null>(null);
  const { busy, wrong, attempt } = useAttempt();
  const read = async () => setReports(await openReports());
  // biome-ignore lint/correctness/useExhaustiveDependencies: read once, when it is shown
  useEffect(() => {
    void attempt(read);
  }, []);

  async function after(what: Decided) {
    setDecided(what);
    await read();
  }

  if (reports === null) return <Panel title={t("moderation.title")}>{t("moderation.not")}</Panel>;
  return (
    <Panel title={t("moderation.title")}>
      <p className="hint">{t("moderation.hint", { region })}</p>
      <div className="outcome" aria-live="polite">
        {wrong !== null && <p className="warning">{wrong}</p>}
        {decided !== null && <Done decided={decided} onLifted={setDecided} />}
        {reports?.length === 0 && <p>{t("moderation.none")}</p>}
      </div>
      <ul className="reports">
        {reports?.map((report) => (
          <ReportCard key={report.report_id} report={report} onDecided={after} />
        ))}
      </ul>
      <p className="buttons">
        <button type="button" className="button" disabled={busy} onClick={() => void attempt(read)}>
          {t("moderation.refresh")}
        </button>
      </p>
    </Panel>
  );
}

function Done({ decided, onLifted }: { decided: Decided; onLifted: (decided: Decided) => void }) {
  const name = usePlainName(decided.userId);
  const { busy, wrong, attempt } = useAttempt();
  const lift = async () => {
    await liftSuspension(decided.userId);
    onLifted({ how: "lifted", userId: decided.userId });
  };
  return (
    <>
      <p className="buttons">
        {t(`moderation.done.${decided.how}`, { name })}
        {decided.how === "suspended" && (
          <button type="button" className="plain" disabled={busy} onClick={() => void attempt(lift)}>
            {t("moderation.lift")}
          </button>
        )}
      </p>
      {wrong !== null && <p className="warning">{wrong}</p>}
    </>
  );
}
