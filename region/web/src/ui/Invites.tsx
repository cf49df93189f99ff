/** Links by which others join: those that are good, and new ones. A link's secret stands behind the `#`, which browsers send to nobody. */

import { useState } from "react";
import type { Whole } from "../core/types";
import { endInvite, type Invite, invite } from "../state/running";
import { aside } from "../state/telling";
import { t } from "../words";
import { copied } from "./copied";
import { Field } from "./Field";
import { usePlainName } from "./names";
import { whole as wholeDate } from "./times";
import { useAttempt } from "./useAttempt";

const DAY_SECONDS = 86_400;
const DAYS = [1, 7, 30];

export function Invites({ id, whole, onChanged }: { id: string; whole: Whole; onChanged: () => Promise<void> }) {
  const [days, setDays] = useState(7);
  const [uses, setUses] = useState("");
  const [made, setMade] = useState<Invite | null>(null);
  const { busy, wrong, attempt } = useAttempt();
  const link = made === null ? "" : `${location.origin}/web/join/${id}#${made.token}`;

  async function make() {
    setMade(await invite(id, { expires_in: days * DAY_SECONDS, uses: Number(uses) || 0 }));
    await onChanged();
  }

  return (
    <section>
      <h3>{t("invites.title")}</h3>
      <ul className="invites">
        {whole.invites.map((one) => (
          <Good key={one.invite_id} id={id} one={one} onChanged={onChanged} />
        ))}
      </ul>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(make);
        }}
      >
        <div className="buttons">
          <label className="check">
            {t("invites.for")}
            <select value={days} onChange={(event) => setDays(Number(event.target.value))}>
              {DAYS.map((n) => (
                <option key={n} value={n}>
                  {t("invites.days", { n })}
                </option>
              ))}
            </select>
          </label>
          <button type="submit" className="button" disabled={busy}>
            {t("invites.make")}
          </button>
        </div>
        <Field
          name="uses"
          type="number"
          min={1}
          label={t("invites.uses")}
          value={uses}
          onChange={(event) => setUses(event.target.value)}
        />
      </form>
      {made !== null && (
        <>
          <p className="hint">{t("invites.link")}</p>
          <p className="invite">
            <code>{link}</code>
            <button type="button" className="button" onClick={() => aside(copied(link))}>
              {t("message.copy")}
            </button>
          </p>
        </>
      )}
      {wrong !== null && (
        <p className="warning" role="alert">
          {wrong}
        </p>
      )}
    </section>
  );
}

type GoodProps = { id: string; one: Whole["invites"][number]; onChanged: () => Promise<void> };

function Good({ id, one, onChanged }: GoodProps) {
  const name = usePlainName(one.made_by);
  const { busy, wrong, attempt } = useAttempt();
  const left = one.uses === null ? t("invites.any") : t("invites.left", { n: one.uses });
  return (
    <li className="invite">
      <span>
        {t("invites.made", { name, date: wholeDate(Date.parse(one.expires_at)) })} · {left}
        {wrong !== null && <span role="alert"> · {wrong}</span>}
      </span>
      <button
        type="button"
        className="button"
        disabled={busy}
        onClick={() =>
          void attempt(async () => {
            await endInvite(id, one.invite_id);
            await onChanged();
          })
        }
      >
        {t("invites.end")}
      </button>
    </li>
  );
}
