/** Where an invitation leads: one looks, and joins. */

import { useCallback, useState } from "react";
import { useLocation } from "wouter";
import { api, got } from "../io/api";
import { t } from "../words";
import { Panel } from "./Panel";
import { useAttempt } from "./useAttempt";
import { useEntering } from "./useEntering";

export default function Join({ id }: { id: string }) {
  const [, go] = useLocation();
  const [token] = useState(() => location.hash.slice(1));
  const [asked, setAsked] = useState(false);
  const { waits, enter } = useEntering(useCallback((to: string) => go(`/c/${to}`, { replace: true }), [go]));
  const { busy, wrong, attempt } = useAttempt();

  async function join() {
    const body = { token };
    const entry = id.startsWith("g")
      ? await got(api.POST("/groups/{group_id}/join", { params: { path: { group_id: id } }, body }))
      : await got(api.POST("/channels/{channel_id}/subscribers", { params: { path: { channel_id: id } }, body }));
    if (entry.queued_for === null && entry.kind === "join_asked") return setAsked(true);
    await enter(id, entry);
  }

  return (
    <Panel title={t("join.title")}>
      <p>{t(asked ? "join.asked" : "join.text")}</p>
      {waits !== null && <p role="status">{t("join.waits", { region: waits })}</p>}
      {wrong !== null && <p className="warning">{wrong}</p>}
      {!asked && (
        <p className="buttons">
          <button type="button" className="primary" disabled={busy} onClick={() => void attempt(join)}>
            {t("join.join")}
          </button>
        </p>
      )}
    </Panel>
  );
}
