/** Where an invitation leads: one looks, and joins. */

import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { api, got } from "../io/api";
import { readList } from "../state/history";
import { useStore } from "../state/store";
import { t } from "../words";
import { Panel } from "./Panel";
import { useAttempt } from "./useAttempt";

export default function Join({ id }: { id: string }) {
  const [, go] = useLocation();
  const [token] = useState(() => location.hash.slice(1));
  const [asked, setAsked] = useState(false);
  const [waits, setWaits] = useState<string | null>(null);
  const inside = useStore((state) => state.inbox[id] !== undefined);
  const { busy, wrong, attempt } = useAttempt();
  useEffect(() => {
    if (waits !== null && inside) go(`/c/${id}`, { replace: true });
  }, [id, waits, inside, go]);

  async function join() {
    const body = { token };
    const entry = id.startsWith("g")
      ? await got(api.POST("/groups/{group_id}/join", { params: { path: { group_id: id } }, body }))
      : await got(api.POST("/channels/{channel_id}/subscribers", { params: { path: { channel_id: id } }, body }));
    if (entry.queued_for !== null) return setWaits(entry.queued_for);
    if (entry.kind === "join_asked") return setAsked(true);
    await readList();
    go(`/c/${id}`, { replace: true });
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
