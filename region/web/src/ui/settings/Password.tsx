/** Changing the password, with which all other devices are logged out. */

import { type FormEvent, useState } from "react";
import { changePassword } from "../../state/profile";
import { useStore } from "../../state/store";
import { t } from "../../words";
import { Field } from "../Field";
import { useAttempt } from "../useAttempt";
import { Outcome, Section } from "./Section";

const SHORTEST = 8;

export function Password() {
  const handle = useStore((state) => state.me?.handle ?? "");
  const [differs, setDiffers] = useState(false);
  const [changed, setChanged] = useState(false);
  const { busy, wrong, attempt } = useAttempt();

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const said = new FormData(form);
    const value = (name: string) => String(said.get(name) ?? "");
    setChanged(false);
    setDiffers(value("new") !== value("again"));
    if (value("new") !== value("again")) return;
    void attempt(async () => {
      await changePassword(value("old"), value("new"));
      form.reset();
      setChanged(true);
    });
  }

  return (
    <Section title={t("settings.password")} hint={t("settings.password.hint")}>
      <form className="form" onSubmit={submit}>
        <input type="text" name="username" autoComplete="username" value={handle} readOnly hidden />
        <Field name="old" type="password" label={t("settings.password.old")} autoComplete="current-password" required />
        <Field
          name="new"
          type="password"
          label={t("settings.password.new")}
          hint={t("account.password.hint")}
          autoComplete="new-password"
          minLength={SHORTEST}
          required
        />
        <Field
          name="again"
          type="password"
          label={t("settings.password.again")}
          autoComplete="new-password"
          minLength={SHORTEST}
          required
        />
        <p className="buttons">
          <button type="submit" className="button" disabled={busy}>
            {t("settings.password.change")}
          </button>
        </p>
        <Outcome
          wrong={differs ? t("settings.password.differs") : wrong}
          done={changed ? t("settings.password.changed") : null}
        />
      </form>
    </Section>
  );
}
