/** What may be done with a message: answer, copy, react, edit, delete. */

import { useEffect, useRef, useState } from "react";
import type { Message } from "../core/types";
import { react, remove } from "../state/altering";
import { useStore } from "../state/store";
import { t } from "../words";
import { Icon } from "./Icon";

const EMOJI = ["👍", "❤️", "😂", "😮", "😢", "🎉"];

interface Props {
  id: string;
  message: Message;
  own: boolean;
  onReply: (to: Message) => void;
  onEdit: (of: Message) => void;
}

export function Actions({ id, message, own, onReply, onEdit }: Props) {
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const role = useStore((state) => state.about[id]?.role ?? "");
  const me = useStore((state) => state.me?.user_id ?? "");
  const channel = id.startsWith("c");
  const mayDelete = own || role === "owner" || role === "admin" || role === "poster";
  useEffect(() => {
    if (!open) return;
    place.current?.querySelector("button")?.focus();
    const close = (event: Event) => {
      if (event instanceof KeyboardEvent ? event.key !== "Escape" : place.current?.contains(event.target as Node))
        return;
      event.preventDefault();
      setOpen(false);
    };
    addEventListener("keydown", close, true);
    addEventListener("pointerdown", close);
    return () => {
      removeEventListener("keydown", close, true);
      removeEventListener("pointerdown", close);
    };
  }, [open]);

  const choose = (work: () => void) => () => {
    setOpen(false);
    work();
  };
  return (
    <div className="actions" data-open={open}>
      <button
        type="button"
        className="round small"
        aria-label={t("message.reply")}
        title={t("message.reply")}
        onClick={() => onReply(message)}
      >
        <Icon name="reply" />
      </button>
      <button
        type="button"
        className="round small"
        aria-label={t("message.more")}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name="more" />
      </button>
      {open && (
        <div className="menu" ref={place} role="menu">
          {!channel && (
            <p className="emoji">
              {EMOJI.map((emoji) => {
                const mine = message.reactions?.find((each) => each.emoji === emoji)?.user_ids.includes(me) ?? false;
                const label = t("message.react", { emoji });
                return (
                  <button
                    key={emoji}
                    type="button"
                    role="menuitemcheckbox"
                    aria-label={label}
                    aria-checked={mine}
                    onClick={choose(() => void react(message, emoji, !mine))}
                  >
                    {emoji}
                  </button>
                );
              })}
            </p>
          )}
          <button type="button" role="menuitem" onClick={choose(() => onReply(message))}>
            {t("message.reply")}
          </button>
          <button
            type="button"
            role="menuitem"
            onClick={choose(() => void navigator.clipboard?.writeText(message.text))}
          >
            {t("message.copy")}
          </button>
          {own && (
            <button type="button" role="menuitem" onClick={choose(() => onEdit(message))}>
              {t("message.edit")}
            </button>
          )}
          {mayDelete && (
            <button
              type="button"
              role="menuitem"
              className="danger"
              onClick={choose(() => {
                if (confirm(t("message.delete.sure"))) void remove(message);
              })}
            >
              {t("message.delete")}
            </button>
          )}
        </div>
      )}
    </div>
  );
}
