/** The picture that stands for oneself: chosen, made small enough, brought, and taken away. */

import { useRef } from "react";
import type { Profile } from "../../core/types";
import { useImage } from "../../state/blobs";
import * as mine from "../../state/profile";
import { t } from "../../words";
import { Avatar } from "../Avatar";
import { PicturePicker } from "../PicturePicker";
import { useAttempt } from "../useAttempt";
import { Outcome } from "./Section";

export function Picture({ profile, onChange }: { profile: Profile | null; onChange: (changed: Profile) => void }) {
  const picker = useRef<HTMLInputElement>(null);
  const { busy, wrong, attempt } = useAttempt();
  if (profile === null) return null;
  const { picture } = profile;
  return (
    <div>
      <div className="portrait">
        {picture === null ? (
          <Avatar id={profile.user_id} name={profile.display_name || profile.handle} />
        ) : (
          <Shown key={picture.blob_id} id={picture.blob_id} />
        )}
        <p className="buttons">
          <button type="button" className="button" disabled={busy} onClick={() => picker.current?.click()}>
            {t("settings.picture.choose")}
          </button>
          {picture !== null && (
            <button
              type="button"
              className="button danger"
              disabled={busy}
              onClick={() => void attempt(async () => onChange(await mine.changeMine({ picture: null })))}
            >
              {t("settings.picture.remove")}
            </button>
          )}
        </p>
        <PicturePicker
          picker={picker}
          onFile={(file) => void attempt(async () => onChange(await mine.bringPicture(file)))}
        />
      </div>
      <p className="hint">{t("settings.picture.hint")}</p>
      <Outcome wrong={wrong} />
    </div>
  );
}

function Shown({ id }: { id: string }) {
  const url = useImage(id, "small");
  return url === null ? <span className="avatar" /> : <img className="avatar" src={url} alt={t("settings.picture")} />;
}
