/** Puts an emoji into what is written; what there is to choose from comes when it is opened. */

import { type FocusEvent, type RefObject, Suspense, useEffect, useRef, useState } from "react";
import { inserted } from "../core/emoji";
import { closes } from "../core/leaving";
import { t } from "../words";
import { Icon } from "./Icon";
import { later } from "./later";

const EmojiPicker = later(() => import("./EmojiPicker"));

interface Props {
  input: RefObject<HTMLTextAreaElement | null>;
  onChange: (text: string) => void;
}

export function EmojiButton({ input, onChange }: Props) {
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const onPress = (event: Event) => {
      if (!place.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener("pointerdown", onPress);
    return () => removeEventListener("pointerdown", onPress);
  }, [open]);

  function choose(emoji: string) {
    setOpen(false);
    const field = input.current;
    if (field === null) return;
    const { text, caret } = inserted(field.value, field.selectionStart, field.selectionEnd, emoji);
    onChange(text);
    requestAnimationFrame(() => {
      field.focus();
      field.setSelectionRange(caret, caret);
    });
  }

  /** The focus goes on beyond it. */
  function onBlur({ relatedTarget }: FocusEvent) {
    if (relatedTarget !== null && !place.current?.contains(relatedTarget)) setOpen(false);
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what is in it has the focus
    <div
      ref={place}
      className="emoji-place"
      onBlur={onBlur}
      onKeyDown={(event) => {
        if (!open || !closes(event.nativeEvent)) return;
        event.preventDefault();
        setOpen(false);
        input.current?.focus();
      }}
    >
      <button
        type="button"
        className="round"
        aria-label={t("emoji.open")}
        title={t("emoji.open")}
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name="smile" />
      </button>
      {open && (
        <div className="emoji-popup" role="dialog" aria-label={t("emoji.open")}>
          <Suspense>
            <EmojiPicker onChoose={choose} />
          </Suspense>
        </div>
      )}
    </div>
  );
}
