/** How a group or a channel is called and works; for those who run it. */

import { type FormEvent, useId, useState } from "react";
import type { Whole } from "../core/types";
import { type Change, change } from "../state/running";
import { t } from "../words";
import { Field } from "./Field";
import { PictureField } from "./PictureField";
import { useAttempt } from "./useAttempt";

type Chosen = Omit<Change, "picture">;

/** What may be chosen of it, as it is now. */
function chosenOf(whole: Whole): Chosen {
  const { name, description, acknowledgement } = whole;
  const both = { name, description, acknowledgement };
  if ("slow" in whole) return { ...both, public: whole.public, slow: whole.slow };
  return { ...both, history: whole.history, approval: whole.approval };
}

const ACCEPTED = [
  ["", "usual"],
  ["local", "local"],
  ["replicated", "replicated"],
] as const;

export function Running({ id, whole, onChanged }: { id: string; whole: Whole; onChanged: () => Promise<void> }) {
  const before = chosenOf(whole);
  const [altered, setAltered] = useState<Chosen>({}); // nothing else is sent, so that what others change meanwhile stays
  const chosen = { ...before, ...altered };
  const [saved, setSaved] = useState(false);
  const { busy, wrong, attempt } = useAttempt();
  const textId = useId();
  const acceptedId = useId();
  const changed = Object.entries(altered).filter(([key, value]) => before[key as keyof Chosen] !== value);

  function choose(what: Chosen) {
    setSaved(false);
    setAltered({ ...altered, ...what });
  }

  function save(event: FormEvent) {
    event.preventDefault();
    void attempt(async () => {
      const done = await change(id, Object.fromEntries(changed));
      await onChanged();
      setAltered({});
      setSaved(done);
    });
  }

  return (
    <section>
      <h3>{t("run.title")}</h3>
      <PictureField id={id} name={whole.name} picture={whole.picture} onChanged={onChanged} />
      <form className="form" onSubmit={save}>
        <Field
          name="name"
          label={t("run.name")}
          value={chosen.name}
          maxLength={100}
          required
          onChange={(event) => choose({ name: event.target.value })}
        />
        <div className="field">
          <label htmlFor={textId}>{t("run.description")}</label>
          <textarea
            id={textId}
            rows={3}
            maxLength={1_000}
            dir="auto"
            value={chosen.description}
            onChange={(event) => choose({ description: event.target.value })}
          />
        </div>
        {(["history", "approval", "public"] as const).map(
          (key) =>
            chosen[key] !== undefined && (
              <label key={key} className="check">
                <input
                  type="checkbox"
                  checked={chosen[key]}
                  onChange={(event) => choose({ [key]: event.target.checked })}
                />{" "}
                {t(`run.${key}`)}
              </label>
            ),
        )}
        {chosen.slow !== undefined && (
          <Field
            name="slow"
            type="number"
            min={0}
            max={86_400}
            label={t("run.slow")}
            value={chosen.slow}
            onChange={(event) => choose({ slow: Number(event.target.value) })}
          />
        )}
        <div className="field">
          <label htmlFor={acceptedId}>{t("run.accepted")}</label>
          <select
            id={acceptedId}
            value={chosen.acknowledgement}
            onChange={(event) => choose({ acknowledgement: event.target.value })}
          >
            {ACCEPTED.map(([value, key]) => (
              <option key={key} value={value}>
                {t(`run.accepted.${key}`)}
              </option>
            ))}
          </select>
        </div>
        {wrong !== null && (
          <p className="warning" role="alert">
            {wrong}
          </p>
        )}
        <p className="buttons">
          <button type="submit" className="primary" disabled={busy || changed.length === 0}>
            {t("run.save")}
          </button>
          <span role="status">{saved && t("run.saved")}</span>
        </p>
      </form>
    </section>
  );
}
