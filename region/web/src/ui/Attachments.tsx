/** The images and files of a message: each image in its own proportions from the first moment, so that nothing moves when it comes. */

import { lazy, Suspense, useState } from "react";
import { meanColour } from "../core/blurhash";
import { shownSize, sizeWords } from "../core/files";
import type { Attachment } from "../core/types";
import { find, useBlob, useImage } from "../state/blobs";
import { why } from "../state/saying";
import { notify } from "../state/store";
import { locale, t } from "../words";
import { Blur } from "./Blur";
import { Icon } from "./Icon";

const Viewer = lazy(() => import("./Viewer"));

export function Attachments({ all }: { all: readonly Attachment[] }) {
  const [viewed, setViewed] = useState<string | null>(null);
  const images = all.filter((each) => each.kind === "image");
  return (
    <div className="attachments">
      {all.map((each) => (
        <One key={each.blob_id} attachment={each} onView={() => setViewed(each.blob_id)} />
      ))}
      {viewed !== null && (
        <Suspense>
          <Viewer images={images} first={viewed} onClose={() => setViewed(null)} />
        </Suspense>
      )}
    </div>
  );
}

function One({ attachment, onView }: { attachment: Attachment; onView: () => void }) {
  if (attachment.kind === "image") return <Picture attachment={attachment} onView={onView} />;
  if (/^(audio|video)\//.test(attachment.content_type)) return <Playing attachment={attachment} />;
  return <FileLine attachment={attachment} />;
}

function Picture({ attachment, onView }: { attachment: Attachment; onView: () => void }) {
  const url = useImage(attachment.blob_id, "large");
  const [here, setHere] = useState(false);
  const { width, height } = shownSize(attachment);
  const style = {
    width,
    aspectRatio: `${width} / ${height}`,
    backgroundColor: meanColour(attachment.blur) ?? undefined,
  };
  return (
    <button type="button" className="picture" style={style} aria-label={attachment.name} onClick={onView}>
      {!here && <Blur hash={attachment.blur} />}
      {url !== null && <img src={url} alt="" onLoad={() => setHere(true)} />}
    </button>
  );
}

function Playing({ attachment }: { attachment: Attachment }) {
  const blob = useBlob(attachment.blob_id);
  const Element = attachment.content_type.startsWith("video/") ? "video" : "audio";
  return (
    <div className="playing">
      {blob !== null && <Element src={blob.url} controls preload="metadata" aria-label={attachment.name} />}
      <FileLine attachment={attachment} />
    </div>
  );
}

function FileLine({ attachment }: { attachment: Attachment }) {
  async function open() {
    try {
      const { url } = await find(attachment.blob_id);
      const link = Object.assign(document.createElement("a"), {
        href: url,
        rel: "noopener noreferrer",
        target: "_blank",
      });
      link.download = attachment.name;
      link.click();
    } catch (error) {
      notify(why(error));
    }
  }
  return (
    <button type="button" className="file" title={t("file.open")} onClick={() => void open()}>
      <Icon name="file" />
      <span className="file-name" dir="auto">
        {attachment.name}
      </span>
      <span className="file-size">{sizeWords(attachment.size, locale())}</span>
    </button>
  );
}
