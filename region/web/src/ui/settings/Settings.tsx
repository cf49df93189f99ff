/** What one may choose: how one is seen, by whom, on which devices, and what this browser does. */

import { logOut } from "../../state/account";
import { unsent } from "../../state/unsent";
import { t } from "../../words";
import { LanguageChoice } from "../LanguageChoice";
import { Panel } from "../Panel";
import "../styles/settings.css";
import { useAttempt } from "../useAttempt";
import { Devices } from "./Devices";
import { ModerationLink } from "./ModerationLink";
import { Notices } from "./Notices";
import { Password } from "./Password";
import { Privacy } from "./Privacy";
import { Profile } from "./Profile";
import { Section } from "./Section";
import { Storage } from "./Storage";
import { Where } from "./Where";

export default function Settings() {
  const { busy, attempt } = useAttempt();
  return (
    <Panel title={t("settings.title")}>
      <ModerationLink />
      <Profile />
      <Where />
      <Privacy />
      <Notices />
      <Section title={t("settings.language")}>
        <LanguageChoice />
      </Section>
      <Storage />
      <Password />
      <Devices />
      <button type="button" className="button danger" disabled={busy} onClick={() => void attempt(leave)}>
        {t("account.logout")}
      </button>
    </Panel>
  );
}

async function leave(): Promise<void> {
  const n = await unsent();
  if (n === 0 || confirm(t("account.logout.unsent", { n }))) await logOut();
}
