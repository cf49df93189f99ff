/** Somebody in a group or a channel, with what one may do about them: shown when it is asked for, and asked again where it is grave. */

import { useState } from "react";
import { Link } from "wouter";
import { type Deed, deeds, isGrave } from "../core/roles";
import { act } from "../state/running";
import { useStore } from "../state/store";
import { t } from "../words";
import { en, type Key } from "../words/en";
import { Avatar } from "./Avatar";
import { Icon } from "./Icon";
import { usePlainName } from "./names";
import { useAttempt } from "./useAttempt";

interface Props {
  id: string;
  userId: string;
  region: string;
  /** Of whoever looks. */
  mine: string;
  theirs: string;
  /** Whether they were looked for, and nobody tells if they subscribe or are banned. */
  sought?: boolean;
  onDone: () => Promise<void>;
}

export function PersonDeeds({ id, userId, region, mine, theirs, sought = false, onDone }: Props) {
  const me = useStore((state) => state.me?.user_id ?? "");
  const name = usePlainName(userId);
  const [open, setOpen] = useState(theirs === "asking");
  const [sure, setSure] = useState<Deed | null>(null);
  const { busy, wrong, attempt } = useAttempt();
  const known = deeds(id, mine, theirs, userId === me);
  const possible: Deed[] = sought && known.includes("ban") ? [...known, "unban"] : known;
  const key = `role.${theirs}`;
  const role = sought ? "" : key in en ? t(key as Key) : theirs;

  function choose(deed: Deed) {
    if (isGrave(deed) && sure !== deed) return setSure(deed);
    void attempt(async () => {
      await act(id, deed, userId);
      setOpen(false);
      setSure(null);
      await onDone();
    });
  }

  return (
    <li>
      <div className="row">
        <Avatar id={userId} name={name} />
        <span className="row-title" dir="auto">
          {userId === me ? name : <Link href={`/with/${userId}`}>{name}</Link>}
        </span>
        <span className="row-text">{[role, t("talk.lives", { region })].filter(Boolean).join(" · ")}</span>
        {possible.length > 0 && (
          <button
            type="button"
            className="round small row-end"
            aria-expanded={open}
            aria-label={t("people.actions", { name })}
            title={t("people.actions", { name })}
            onClick={() => setOpen(!open)}
          >
            <Icon name="more" />
          </button>
        )}
      </div>
      {open && (
        <fieldset className="deeds" aria-label={t("people.actions", { name })} disabled={busy}>
          {possible.map((deed) => (
            <button
              key={deed}
              type="button"
              className={isGrave(deed) || deed === "remove" ? "button danger" : "button"}
              onClick={() => choose(deed)}
            >
              {t(`deed.${deed}`)}
              {sure === deed && ` – ${t("people.sure")}`}
            </button>
          ))}
        </fieldset>
      )}
      {wrong !== null && (
        <p className="warning" role="alert">
          {wrong}
        </p>
      )}
    </li>
  );
}
