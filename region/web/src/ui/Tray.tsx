/** The files that go with the next message: each is brought at once, with its progress; it can be given up or tried again. */

import { useEffect, useRef, useState } from "react";
import { sizeWords } from "../core/files";
import type { Attachment } from "../core/types";
import { ApiError } from "../io/problem";
import { upload } from "../io/upload";
import { problem, t } from "../words";
import { Icon } from "./Icon";

export interface Chosen {
  key: string;
  file: File;
}

type State = { at: "going"; share: number } | { at: "ready"; attachment: Attachment } | { at: "failed"; why: string };

interface Props {
  chosen: readonly Chosen[];
  onReady: (key: string, attachment: Attachment) => void;
  onRemove: (key: string) => void;
}

export default function Tray({ chosen, onReady, onRemove }: Props) {
  return (
    <ul className="tray" aria-label={t("file.tray")}>
      {chosen.map((each) => (
        <Going
          key={each.key}
          file={each.file}
          onReady={(attachment) => onReady(each.key, attachment)}
          onRemove={() => onRemove(each.key)}
        />
      ))}
    </ul>
  );
}

function Going({
  file,
  onReady,
  onRemove,
}: {
  file: File;
  onReady: (ready: Attachment) => void;
  onRemove: () => void;
}) {
  const [state, setState] = useState<State>({ at: "going", share: 0 });
  const [attempt, setAttempt] = useState(1);
  const tell = useRef(onReady);
  tell.current = onReady;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt begins anew
  useEffect(() => {
    const giveUp = new AbortController();
    const progress = (share: number) => setState({ at: "going", share });
    setState({ at: "going", share: 0 });
    upload(file, { progress, signal: giveUp.signal })
      .then((attachment) => {
        if (giveUp.signal.aborted) return;
        setState({ at: "ready", attachment });
        tell.current(attachment);
      })
      .catch((error: unknown) => {
        if (giveUp.signal.aborted) return;
        const why = error instanceof ApiError ? problem(error.code, error.message) : String(error);
        setState({ at: "failed", why });
      });
    return () => giveUp.abort();
  }, [file, attempt]);

  return (
    <li className="tray-file" data-state={state.at}>
      <Icon name={state.at === "ready" ? "tick" : state.at === "failed" ? "warn" : "file"} />
      <span className="file-name">{file.name}</span>
      {state.at === "going" && <progress aria-label={file.name} value={state.share} />}
      {state.at === "ready" && <span className="file-size">{sizeWords(state.attachment.size)}</span>}
      {state.at === "failed" && (
        <>
          <span role="alert">{state.why}</span>
          <button type="button" className="plain" onClick={() => setAttempt(attempt + 1)}>
            {t("talk.again")}
          </button>
        </>
      )}
      <button
        type="button"
        className="round small"
        aria-label={t("file.remove", { name: file.name })}
        onClick={onRemove}
      >
        <Icon name="close" />
      </button>
    </li>
  );
}
