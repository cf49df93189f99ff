/** Tells the moderators of somebody's region what is wrong with them, or with a message of theirs. */

import { useId, useState } from "react";
import type { Message } from "../core/types";
import { api, got } from "../io/api";
import { notify } from "../state/store";
import { t } from "../words";
import { Dialog } from "./Dialog";
import { usePlainName } from "./names";
import { quoteOf } from "./Talk";
import { useAttempt } from "./useAttempt";

const MOST = 1_000;

export function Report(props: { userId: string; message: Message | null; onClose: () => void }) {
  const { userId, message, onClose } = props;
  const [reason, setReason] = useState("");
  const { busy, wrong, attempt } = useAttempt();
  const name = usePlainName(userId);
  const id = useId();

  async function send() {
    const what = message === null ? { user_id: userId } : { message_id: message.message_id };
    await got(api.POST("/reports", { body: { reason: reason.trim(), ...what } }));
    notify(t("report.sent"));
    onClose();
  }

  return (
    <Dialog title={t(message === null ? "report.user" : "report.message", { name })} onClose={onClose}>
      {message !== null && (
        <blockquote className="quote">
          <strong>{name}</strong>
          <span dir="auto">{quoteOf(message)}</span>
        </blockquote>
      )}
      <p className="hint">{t(message === null ? "report.text.user" : "report.text", { name })}</p>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(send);
        }}
      >
        <div className="field">
          <label htmlFor={id}>{t("report.reason")}</label>
          <textarea
            id={id}
            rows={4}
            maxLength={MOST}
            value={reason}
            dir="auto"
            onChange={(event) => setReason(event.target.value)}
            required
          />
        </div>
        {wrong !== null && (
          <p className="warning" role="alert">
            {wrong}
          </p>
        )}
        <button type="submit" className="primary" disabled={busy || reason.trim() === ""}>
          {t("report.send")}
        </button>
      </form>
    </Dialog>
  );
}
