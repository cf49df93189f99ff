/** Where one is among the regions: where the account lives, where this page came from, and over which region it is connected now. */

import { nameOf } from "../../io/places";
import { useStore } from "../../state/store";
import { t } from "../../words";
import { Section } from "./Section";

export function Where() {
  const home = useStore((state) => state.me?.home_region ?? "");
  const standing = useStore((state) => state.standing);
  return (
    <Section title={t("settings.where")} hint={t("settings.where.hint")}>
      <ul className="facts">
        <li>{t("settings.where.home", { region: home })}</li>
        <li>{t("settings.where.page", { region: nameOf(location.origin) })}</li>
        <li>
          {standing.at === "online"
            ? t("settings.where.via", { region: nameOf(standing.place) })
            : t("settings.where.off")}
        </li>
      </ul>
    </Section>
  );
}
