/** What is shown where the app cannot begin: whose fault that is, what to do, and what was said. */

import { useStore } from "../state/store";
import { t } from "../words";

export default function Stuck() {
  const stuck = useStore((state) => state.stuck);
  if (stuck === null) return null;
  return (
    <div className="nothing" role="alert">
      <p>{t(`stuck.${stuck.kind}`)}</p>
      <p>{t(`stuck.${stuck.kind}.hint`)}</p>
      <p className="hint">{t("stuck.reason", { reason: stuck.reason })}</p>
      <button type="button" className="button" onClick={() => location.reload()}>
        {t("talk.again")}
      </button>
    </div>
  );
}
