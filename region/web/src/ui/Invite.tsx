/** A link by which others join; its secret stands behind the `#`, which browsers send to nobody. */

import { useState } from "react";
import { api, got } from "../io/api";
import { t } from "../words";
import { whole } from "./times";
import { useAttempt } from "./useAttempt";

const WEEK_SECONDS = 7 * 86_400;

export function Invite({ id }: { id: string }) {
  const [made, setMade] = useState<{ token: string; expires_at: string } | null>(null);
  const { busy, wrong, attempt } = useAttempt();

  async function make() {
    const body = { expires_in: WEEK_SECONDS };
    const invite = id.startsWith("g")
      ? await got(api.POST("/groups/{group_id}/invites", { params: { path: { group_id: id } }, body }))
      : await got(api.POST("/channels/{channel_id}/invites", { params: { path: { channel_id: id } }, body }));
    setMade(invite);
  }

  const link = made === null ? "" : `${location.origin}/web/join/${id}#${made.token}`;
  return (
    <div>
      <h3>{t("about.invite")}</h3>
      {made === null ? (
        <button type="button" className="button" disabled={busy} onClick={() => void attempt(make)}>
          {t("about.invite.make")}
        </button>
      ) : (
        <>
          <p className="invite">
            <code>{link}</code>
            <button type="button" className="button" onClick={() => void navigator.clipboard?.writeText(link)}>
              {t("message.copy")}
            </button>
          </p>
          <p className="hint">{t("about.invite.until", { date: whole(Date.parse(made.expires_at)) })}</p>
        </>
      )}
      {wrong !== null && <p className="warning">{wrong}</p>}
    </div>
  );
}
