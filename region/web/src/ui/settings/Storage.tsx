/** What this browser keeps, and clearing it. */

import { useEffect, useState } from "react";
import { sizeWords } from "../../core/files";
import { clearSeen, persist, type Usage, usage } from "../../io/storage";
import { locale, t } from "../../words";
import { useAttempt } from "../useAttempt";
import { Outcome, Section } from "./Section";

export function Storage() {
  const [kept, setKept] = useState<Usage | null>(null);
  const [done, setDone] = useState<string | null>(null);
  const { busy, wrong, attempt } = useAttempt();
  const read = async () => setKept(await usage());
  // biome-ignore lint/correctness/useExhaustiveDependencies: read once, when it is shown
  useEffect(() => {
    void attempt(read);
  }, []);

  const after = (work: () => Promise<string | null>) => () =>
    void attempt(async () => {
      setDone(null);
      setDone(await work());
      await read();
    });

  return (
    <Section title={t("settings.storage")} hint={t("settings.storage.hint")}>
      {kept !== null && <Kept kept={kept} />}
      <p className="buttons">
        <button
          type="button"
          className="button"
          disabled={busy}
          onClick={after(async () => {
            await clearSeen();
            return t("settings.storage.cleared");
          })}
        >
          {t("settings.storage.clear")}
        </button>
        {kept?.lasting === false && (
          <button
            type="button"
            className="button"
            disabled={busy}
            onClick={after(async () => ((await persist()) ? null : t("settings.storage.refused")))}
          >
            {t("settings.storage.persist")}
          </button>
        )}
      </p>
      <Outcome wrong={wrong} done={done} />
    </Section>
  );
}

function Kept({ kept }: { kept: Usage }) {
  return (
    <ul className="facts">
      <li>{t("settings.storage.conversations", { n: kept.conversations })}</li>
      <li>{t("settings.storage.messages", { n: kept.messages })}</li>
      <li>{t("settings.storage.people", { n: kept.people })}</li>
      <li>{t("settings.storage.images", { n: kept.images })}</li>
      {kept.outbox > 0 && <li>{t("settings.storage.outbox", { n: kept.outbox })}</li>}
      {kept.bytes !== null && <li>{t("settings.storage.used", { size: sizeWords(kept.bytes, locale()) })}</li>}
      {kept.lasting !== null && <li>{t(kept.lasting ? "settings.storage.lasting" : "settings.storage.passing")}</li>}
    </ul>
  );
}
