/** What is shown where the app cannot begin: whose fault that is, what to do, and what was said. */

import { useStore } from "../state/store";
import { t } from "../words";

export default function Stuck() {
  const stuck = useStore((state) => state.stuck);
  if (stuck === null) return null;
  return (
    <main className="nothing stuck">
      <h1 className="unseen">{t("app.name")}</h1>
      <div role="alert" className="form">
        <p>{t(`stuck.${stuck.kind}`)}</p>
        <p>{t(`stuck.${stuck.kind}.hint`)}</p>
        <p className="hint">{t("stuck.reason", { reason: stuck.reason })}</p>
      </div>
      <button type="button" className="button" onClick={() => location.reload()}>
        {t("talk.again")}
      </button>
    </main>
  );
}
