/** Something that is asked above everything else; Escape and a press beside it close it. */

import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import { t } from "../words";
import { Icon } from "./Icon";
import "./styles/dialogs.css";

export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const place = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const dialog = place.current;
    dialog?.showModal();
    dialog?.querySelector<HTMLElement>("[data-first]")?.focus(); // else what closes it has the focus
    return () => dialog?.close(); // whatever takes it away, the focus goes back to where it was
  }, []);
  return (
    <dialog
      ref={place}
      className="dialog"
      aria-labelledby={id}
      onClose={onClose}
      onKeyDown={(event) => event.stopPropagation()}
      onClick={(event) => {
        if (event.target === event.currentTarget) place.current?.close();
      }}
    >
      <header className="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" className="round" aria-label={t("common.close")} onClick={() => place.current?.close()}>
          <Icon name="close" />
        </button>
      </header>
      <div className="dialog-body">{children}</div>
    </dialog>
  );
}
