/** Whether the browser may tell of messages while nobody looks, and what it shows; it is the browser that keeps both. */

import { useState } from "react";
import { NOTICES } from "../../core/notices";
import { chooseNotices, chosenNotices } from "../../io/notices";
import { t } from "../../words";
import { Section } from "./Section";

export function Notices() {
  const [permission, setPermission] = useState(() => globalThis.Notification?.permission ?? "denied");
  const [choice, setChoice] = useState(chosenNotices);
  return (
    <Section title={t("settings.notices")} hint={t(`settings.notices.${permission}`)}>
      {permission === "default" && (
        <p className="buttons">
          <button
            type="button"
            className="button"
            onClick={() => void Notification.requestPermission().then(setPermission)}
          >
            {t("settings.notices.allow")}
          </button>
        </p>
      )}
      {permission === "granted" && (
        <fieldset className="choice">
          <legend>{t("settings.notices.what")}</legend>
          {NOTICES.map((each) => (
            <label key={each} className="check">
              <input
                type="radio"
                name="notices"
                checked={choice === each}
                onChange={() => {
                  chooseNotices(each);
                  setChoice(each);
                }}
              />
              {t(`settings.notices.${each}`)}
            </label>
          ))}
        </fieldset>
      )}
    </Section>
  );
}
