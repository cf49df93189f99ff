/** The first page: what this is, and the way in. */

import { useEffect, useState } from "react";
import { logIn, register } from "../state/account";
import { why } from "../state/saying";
import { useStore } from "../state/store";
import { t } from "../words";
import type { Key } from "../words/en";
import { Field } from "./Field";
import { LanguageChoice } from "./LanguageChoice";

const POINTS: readonly Key[] = ["welcome.point.order", "welcome.point.truth", "welcome.point.offline"];
const ENDED = new Set(["revoked", "password-changed", "suspended"]);

export default function Welcome() {
  const ended = useStore((state) => state.ended);
  const region = useNearest();
  return (
    <main className="welcome">
      <section className="welcome-text">
        <p className="brand">
          <img src="/web/icon.svg" alt="" width="40" height="40" /> {t("app.name")}
        </p>
        <h1>{t("welcome.title")}</h1>
        <p>{t("welcome.text")}</p>
      </section>
      <section className="welcome-form">
        {ended !== null && (
          <p className="warning" role="alert">
            {t(ENDED.has(ended) ? (`welcome.ended.${ended}` as Key) : "welcome.ended")}
          </p>
        )}
        <Entrance />
        {region !== null && <p className="hint">{t("welcome.region", { region })}</p>}
      </section>
      <section className="welcome-points">
        <ul>
          {POINTS.map((key) => (
            <li key={key}>{t(key)}</li>
          ))}
        </ul>
        <LanguageChoice />
      </section>
    </main>
  );
}

function useNearest(): string | null {
  const [region, setRegion] = useState<string | null>(null);
  useEffect(() => {
    fetch("/regions")
      .then((answer) => answer.json() as Promise<{ nearest: string }>)
      .then((said) => setRegion(said.nearest))
      .catch(() => {}); // it is only a hint
  }, []);
  return region;
}

function Entrance() {
  const [isNew, setIsNew] = useState(true);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);

  async function enter(form: FormData) {
    const value = (name: string) => String(form.get(name) ?? "");
    setBusy(true);
    setWrong(null);
    try {
      if (isNew) await register(value("handle"), value("password"), value("name").trim());
      else await logIn(value("handle"), value("password"));
    } catch (error) {
      setWrong(why(error));
      setBusy(false);
    }
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void enter(new FormData(event.currentTarget));
      }}
    >
      <h2>{t(isNew ? "account.register" : "account.login")}</h2>
      <Field
        name="handle"
        label={t("account.handle")}
        hint={isNew ? t("account.handle.hint") : undefined}
        autoComplete="username"
        pattern="[A-Za-z0-9][A-Za-z0-9_.\-]{1,63}"
        required
      />
      {isNew && (
        <Field name="name" label={t("account.name")} hint={t("account.name.hint")} autoComplete="name" maxLength={64} />
      )}
      <Field
        name="password"
        type="password"
        label={t("account.password")}
        hint={isNew ? t("account.password.hint") : undefined}
        autoComplete={isNew ? "new-password" : "current-password"}
        minLength={8}
        required
      />
      {wrong !== null && (
        <p className="warning" role="alert">
          {wrong}
        </p>
      )}
      <button type="submit" className="primary" disabled={busy}>
        {t(isNew ? "account.register" : "account.login")}
      </button>
      <button type="button" className="plain" onClick={() => setIsNew(!isNew)}>
        {t(isNew ? "account.to-login" : "account.to-register")}
      </button>
    </form>
  );
}
