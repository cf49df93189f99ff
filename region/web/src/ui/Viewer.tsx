/** An image as large as the window: arrows go to the next one of the message, Escape closes. */

import { useEffect, useRef, useState } from "react";
import { across } from "../core/direction";
import type { Attachment } from "../core/types";
import { useBlob, useImage } from "../state/blobs";
import { isRightToLeft, t } from "../words";
import { Icon } from "./Icon";

interface Props {
  images: readonly Attachment[];
  first: string;
  onClose: () => void;
}

export default function Viewer({ images, first, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [place, setPlace] = useState(() => images.findIndex((each) => each.blob_id === first));
  const image = images[place];
  useEffect(() => dialog.current?.showModal(), []);
  if (image === undefined) return null;
  const go = (by: number) => setPlace(Math.min(images.length - 1, Math.max(0, place + by)));
  return (
    <dialog
      ref={dialog}
      className="viewer"
      aria-label={image.name}
      onClose={onClose}
      onKeyDown={(event) => {
        event.stopPropagation();
        go(across(event.key, isRightToLeft()));
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) dialog.current?.close();
      }}
    >
      <Large key={image.blob_id} image={image} />
      <p className="viewer-bar">
        <span dir="auto">{image.name}</span>
        {images.length > 1 && (
          <span>
            {place + 1}/{images.length}
          </span>
        )}
        <button type="button" className="round" aria-label={t("common.close")} onClick={() => dialog.current?.close()}>
          <Icon name="close" />
        </button>
      </p>
    </dialog>
  );
}

/** The thumbnail until the image itself is here, or where that cannot be had. */
function Large({ image }: { image: Attachment }) {
  const small = useImage(image.blob_id, "large");
  const [broken, setBroken] = useState<string | null>(null);
  const whole = useBlob(image.blob_id)?.url ?? null;
  const url = whole === null || whole === broken ? small : whole;
  return url === null ? <p>{t("app.loading")}</p> : <img src={url} alt={image.name} onError={() => setBroken(whole)} />;
}
