/** What is shown where the browser keeps nothing for this page: what it says, and what to do. */

import { useStore } from "../state/store";
import { t } from "../words";

export default function Stuck() {
  const reason = useStore((state) => state.stuck);
  return (
    <div className="nothing" role="alert">
      <p>{t("stuck.title")}</p>
      <p>{t("stuck.hint")}</p>
      <p className="hint">{t("stuck.reason", { reason: reason ?? "" })}</p>
      <button type="button" className="button" onClick={() => location.reload()}>
        {t("talk.again")}
      </button>
    </div>
  );
}
