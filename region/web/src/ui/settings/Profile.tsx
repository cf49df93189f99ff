/** How others see one: name, what one says of the moment, picture. */

import { type FormEvent, useEffect, useState } from "react";
import type { Profile as Person } from "../../core/types";
import { put } from "../../state/people";
import * as preferences from "../../state/profile";
import { useStore } from "../../state/store";
import { t } from "../../words";
import { Field } from "../Field";
import { useAttempt } from "../useAttempt";
import { Picture } from "./Picture";
import { Outcome, Section } from "./Section";

export function Profile() {
  const me = useStore((state) => state.me);
  const [profile, setProfile] = useState<Person | null>(null);
  const [name, setName] = useState(me?.display_name ?? "");
  const [status, setStatus] = useState("");
  const [saved, setSaved] = useState(false);
  const { busy, wrong, attempt } = useAttempt();

  // biome-ignore lint/correctness/useExhaustiveDependencies: read once, when it is shown
  useEffect(() => {
    void attempt(async () => {
      const read = await preferences.readMine();
      setProfile(read);
      setName(read.display_name);
      setStatus(read.status_text);
    });
  }, []);

  function show(changed: Person) {
    setProfile(changed);
    put([changed]);
  }

  function save(event: FormEvent) {
    event.preventDefault();
    setSaved(false);
    void attempt(async () => {
      show(await preferences.changeMine({ display_name: name.trim(), status_text: status.trim() }));
      setSaved(true);
    });
  }

  return (
    <Section
      title={t("settings.profile")}
      hint={t("settings.account", { handle: me?.handle ?? "", region: me?.home_region ?? "" })}
    >
      <Picture profile={profile} onChange={show} />
      <form className="form" onSubmit={save}>
        <Field
          name="name"
          label={t("settings.name")}
          value={name}
          onChange={(event) => setName(event.target.value)}
          maxLength={64}
          autoComplete="name"
        />
        <Field
          name="status"
          label={t("settings.status")}
          value={status}
          onChange={(event) => setStatus(event.target.value)}
          maxLength={140}
        />
        <p className="buttons">
          <button type="submit" className="button" disabled={busy}>
            {t("settings.save")}
          </button>
        </p>
        <Outcome wrong={wrong} done={saved ? t("settings.saved") : null} />
      </form>
    </Section>
  );
}
