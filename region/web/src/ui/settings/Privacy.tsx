/** Who finds one, who may begin to write, and who is stopped. */

import { useEffect, useState } from "react";
import * as mine from "../../state/profile";
import { t } from "../../words";
import { usePlainName } from "../names";
import { useAttempt } from "../useAttempt";
import { Outcome, Section } from "./Section";

const WRITERS = ["everyone", "friends"] as const;

export function Privacy() {
  const [privacy, setPrivacy] = useState<mine.Privacy | null>(null);
  const [saved, setSaved] = useState(false);
  const { busy, wrong, attempt } = useAttempt();

  // biome-ignore lint/correctness/useExhaustiveDependencies: read once, when it is shown
  useEffect(() => {
    void attempt(async () => setPrivacy(await mine.readPrivacy()));
  }, []);

  /** It looks chosen at once, and as before if that turns out wrong. */
  function choose(wish: Partial<mine.Privacy>, work: () => Promise<Partial<mine.Privacy> | undefined>) {
    const before = privacy;
    if (before === null) return;
    setSaved(false);
    setPrivacy({ ...before, ...wish });
    void attempt(async () => {
      try {
        setPrivacy({ ...before, ...wish, ...(await work()) });
        setSaved(true);
      } catch (error) {
        setPrivacy(before);
        throw error;
      }
    });
  }

  return (
    <Section title={t("settings.privacy")}>
      {privacy !== null && (
        <>
          <div>
            <label className="check">
              <input
                type="checkbox"
                checked={privacy.findable}
                disabled={busy}
                onChange={(event) => {
                  const findable = event.target.checked;
                  choose({ findable }, async () => {
                    await mine.changeMine({ findable });
                    return undefined;
                  });
                }}
              />
              {t("settings.findable")}
            </label>
            <p className="hint">{t("settings.findable.hint")}</p>
          </div>
          <fieldset className="choice">
            <legend>{t("settings.writers")}</legend>
            {WRITERS.map((who) => (
              <label key={who} className="check">
                <input
                  type="radio"
                  name="writers"
                  checked={privacy.writers === who}
                  disabled={busy}
                  onChange={() => choose({ writers: who }, async () => ({ writers: await mine.letWrite(who) }))}
                />
                {t(`settings.writers.${who}`)}
              </label>
            ))}
            <p className="hint">{t("settings.writers.hint")}</p>
          </fieldset>
          <Blocks blocked={privacy.blocked} busy={busy} onLift={(id) => choose({}, () => mine.lift(id))} />
        </>
      )}
      <Outcome wrong={wrong} done={saved ? t("settings.saved") : null} />
    </Section>
  );
}

function Blocks(props: { blocked: readonly string[]; busy: boolean; onLift: (userId: string) => void }) {
  return (
    <div>
      <h4>{t("settings.blocks")}</h4>
      {props.blocked.length === 0 && <p className="hint">{t("settings.blocks.none")}</p>}
      <ul className="found">
        {props.blocked.map((id) => (
          <Blocked key={id} id={id} {...props} />
        ))}
      </ul>
    </div>
  );
}

function Blocked({ id, busy, onLift }: { id: string; busy: boolean; onLift: (userId: string) => void }) {
  const name = usePlainName(id);
  return (
    <li className="row">
      <span className="row-title" dir="auto">
        {name}
      </span>
      <button
        type="button"
        className="button"
        disabled={busy}
        aria-label={t("settings.blocks.lift", { name })}
        onClick={() => onLift(id)}
      >
        {t("person.unblock")}
      </button>
    </li>
  );
}
