/** The files that go with the next message: each is brought at once, with its progress; it can be paused, given up or tried again. */

import { sizeWords } from "../core/files";
import { shareOf, type Upload } from "../core/uploads";
import { goOn, pause, remove } from "../state/uploads";
import { locale, t } from "../words";
import { Icon, type IconName } from "./Icon";

export default function Tray({ files }: { files: readonly Upload[] }) {
  return (
    <ul className="tray" aria-label={t("file.tray")}>
      {files.map((file) => (
        <Going key={file.key} file={file} />
      ))}
    </ul>
  );
}

function Going({ file: { key, name, stage } }: { file: Upload }) {
  const moving = stage.at === "going" || stage.at === "paused";
  return (
    <li className="tray-file" data-state={stage.at}>
      <Icon name={stage.at === "ready" ? "tick" : stage.at === "failed" ? "warn" : "file"} />
      <span className="file-name" dir="auto">
        {name}
      </span>
      {stage.at === "paused" && <span className="file-size">{t("file.paused")}</span>}
      {moving && <progress aria-label={name} value={shareOf(stage)} />}
      {stage.at === "ready" && <span className="file-size">{sizeWords(stage.attachment.size, locale())}</span>}
      {stage.at === "failed" && (
        <>
          <span role="alert">{stage.why}</span>
          <button type="button" className="plain" onClick={() => goOn(key)}>
            {t("talk.again")}
          </button>
        </>
      )}
      {stage.at === "going" && <Deed icon="pause" label={t("file.pause", { name })} onDo={() => pause(key)} />}
      {stage.at === "paused" && <Deed icon="play" label={t("file.go-on", { name })} onDo={() => goOn(key)} />}
      <Deed icon="close" label={t("file.remove", { name })} onDo={() => remove(key)} />
    </li>
  );
}

function Deed({ icon, label, onDo }: { icon: IconName; label: string; onDo: () => void }) {
  return (
    <button type="button" className="round small" aria-label={label} title={label} onClick={onDo}>
      <Icon name={icon} />
    </button>
  );
}
