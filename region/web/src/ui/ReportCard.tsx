/** One report: who is reported, by whom and why, what they wrote, and what may be done. */

import { type FormEvent, useId, useState } from "react";
import type { Report } from "../core/types";
import { deleteReported, dismiss, suspend } from "../state/moderating";
import { t } from "../words";
import { Field } from "./Field";
import type { Decided } from "./Moderation";
import { usePlainName } from "./names";
import { whole } from "./times";
import { useAttempt } from "./useAttempt";

const MOST_WHY = 1_000;

interface Props {
  report: Report;
  onDecided: (what: Decided) => Promise<void>;
}

export function ReportCard({ report, onDecided }: Props) {
  const name = usePlainName(report.user_id);
  const reporter = usePlainName(report.reporter_id);
  const [suspending, setSuspending] = useState(false);
  const { busy, wrong, attempt } = useAttempt();
  const id = useId();
  const userId = report.user_id;

  const decide = (how: Decided["how"], work: () => Promise<void>) =>
    void attempt(async () => {
      await work();
      await onDecided({ how, userId });
    });

  function onSuspend(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const why = String(new FormData(event.currentTarget).get("why") ?? "").trim();
    decide("suspended", () => suspend(userId, why));
  }

  return (
    <li className="report" aria-labelledby={id}>
      <h3 id={id}>{t("moderation.about", { name })}</h3>
      <p className="hint">{t("moderation.by", { name: reporter, date: whole(Date.parse(report.reported_at)) })}</p>
      <p dir="auto">{report.reason}</p>
      {report.message_id !== "" && (
        <figure>
          <figcaption className="hint">{t("moderation.message")}</figcaption>
          <blockquote dir="auto">{report.text || "…"}</blockquote>
        </figure>
      )}
      <p className="buttons">
        <button
          type="button"
          className="button"
          disabled={busy}
          onClick={() => decide("dismissed", () => dismiss(report))}
        >
          {t("moderation.dismiss")}
        </button>
        {report.message_id !== "" && (
          <button
            type="button"
            className="button danger"
            disabled={busy}
            onClick={() => {
              if (confirm(t("moderation.delete.sure"))) decide("deleted", () => deleteReported(report));
            }}
          >
            {t("moderation.delete")}
          </button>
        )}
        <button
          type="button"
          className="button danger"
          aria-expanded={suspending}
          disabled={busy}
          onClick={() => setSuspending(!suspending)}
        >
          {t("moderation.suspend")}
        </button>
      </p>
      {suspending && (
        <form className="form" onSubmit={onSuspend}>
          <Field
            name="why"
            label={t("moderation.suspend.why")}
            maxLength={MOST_WHY}
            pattern=".*\S.*"
            required
            autoFocus
          />
          <p className="buttons">
            <button type="submit" className="button danger" disabled={busy}>
              {t("moderation.suspend.do")}
            </button>
          </p>
        </form>
      )}
      {wrong !== null && (
        <p className="warning" role="alert">
          {wrong}
        </p>
      )}
    </li>
  );
}
