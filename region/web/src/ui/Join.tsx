/** Where an invitation leads: one looks, and joins. */

import { useState } from "react";
import { useLocation } from "wouter";
import { api, got } from "../io/api";
import { readList } from "../state/history";
import { t } from "../words";
import { Panel } from "./Panel";
import { useAttempt } from "./useAttempt";

export default function Join({ id }: { id: string }) {
  const [, go] = useLocation();
  const [token] = useState(() => location.hash.slice(1));
  const [asked, setAsked] = useState(false);
  const { busy, wrong, attempt } = useAttempt();

  async function join() {
    const body = { token };
    if (id.startsWith("g")) {
      const entry = await got(api.POST("/groups/{group_id}/join", { params: { path: { group_id: id } }, body }));
      if (entry.kind === "join_asked") return setAsked(true);
    } else {
      await got(api.POST("/channels/{channel_id}/subscribers", { params: { path: { channel_id: id } }, body }));
    }
    await readList();
    go(`/c/${id}`, { replace: true });
  }

  return (
    <Panel title={t("join.title")}>
      <p>{t(asked ? "join.asked" : "join.text")}</p>
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
