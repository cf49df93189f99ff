/** The picture of a group or a channel: shown, chosen, taken away. */

import { useRef, useState } from "react";
import type { Picture } from "../core/types";
import { bringPicture } from "../io/pictures";
import { change } from "../state/running";
import { t } from "../words";
import { Avatar } from "./Avatar";
import { PicturePicker } from "./PicturePicker";
import { useAttempt } from "./useAttempt";

interface Props {
  id: string;
  name: string;
  picture: Picture | null;
  onChanged: () => Promise<void>;
}

export function PictureField({ id, name, picture, onChanged }: Props) {
  const [share, setShare] = useState<number | null>(null);
  const picker = useRef<HTMLInputElement>(null);
  const { busy, wrong, attempt } = useAttempt();

  async function bring(file: File) {
    try {
      await change(id, { picture: await bringPicture(file, setShare) });
    } finally {
      setShare(null);
    }
    await onChanged();
  }

  async function takeAway() {
    await change(id, { picture: null });
    await onChanged();
  }

  return (
    <div className="picture-field">
      <Avatar id={id} name={name} kind={id.startsWith("c") ? "channel" : "group"} picture={picture} />
      <button type="button" className="button" disabled={busy} onClick={() => picker.current?.click()}>
        {t("run.picture.choose")}
      </button>
      {picture !== null && (
        <button type="button" className="button" disabled={busy} onClick={() => void attempt(takeAway)}>
          {t("run.picture.remove")}
        </button>
      )}
      <PicturePicker picker={picker} label={t("run.picture")} onFile={(file) => void attempt(() => bring(file))} />
      {share !== null && <progress aria-label={t("run.picture")} value={share} />}
      {wrong !== null && (
        <p className="warning" role="alert">
          {wrong}
        </p>
      )}
    </div>
  );
}
