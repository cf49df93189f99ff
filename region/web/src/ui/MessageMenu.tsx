/** All that may be done with a message; arrows walk through it, Escape closes it. */

import { type KeyboardEvent, useEffect, useLayoutEffect, useRef } from "react";
import { across } from "../core/direction";
import { mayPin } from "../core/pins";
import type { Message } from "../core/types";
import { pin, react, remove } from "../state/altering";
import { type Asked, set, useStore } from "../state/store";
import { aside } from "../state/telling";
import { isRightToLeft, t } from "../words";
import { copied } from "./copied";
import { Icon } from "./Icon";

const EMOJI = ["👍", "❤️", "😂", "😮", "😢", "🎉"];

interface Props {
  message: Message;
  own: boolean;
  /** Whether one may answer it, and change something about it, from here. */
  active: boolean;
  onReply?: ((to: Message) => void) | undefined;
  onEdit?: ((of: Message) => void) | undefined;
  onClose: () => void;
}

export default function MessageMenu({ message, own, active, onReply, onEdit, onClose }: Props) {
  const { conversation_id: id, message_id: messageId } = message;
  const place = useRef<HTMLDivElement>(null);
  const role = useStore((state) => state.about[id]?.role ?? "");
  const me = useStore((state) => state.me?.user_id ?? "");
  const pinned = useStore((state) => state.pins[id]?.some((each) => each.message_id === messageId) ?? false);
  const numbered = message.seq !== null;
  const channel = id.startsWith("c");
  const mayDelete = own || role === "owner" || role === "admin" || role === "poster";
  useClosing(place, onClose);
  useRoom(place);

  const onKey = (event: KeyboardEvent<HTMLElement>) => {
    if (event.key === "Tab")
      onClose(); // the focus goes on from the button that opened it
    else walk(event);
  };
  const choose = (work: () => void) => () => {
    onClose();
    work();
  };
  const ask = (asked: Asked) => choose(() => set({ asked }));
  const items: { key: string; label: string; work: () => void; danger?: boolean }[] = [];
  if (active) items.push({ key: "reply", label: t("message.reply"), work: choose(() => onReply?.(message)) });
  const copy = choose(() => aside(copied(message.text)));
  items.push({ key: "copy", label: t("message.copy"), work: copy });
  if (numbered) items.push({ key: "forward", label: t("menu.forward"), work: ask({ kind: "forward", message }) });
  if (active && mayPin(id, role)) {
    const label = t(pinned ? "menu.unpin" : "menu.pin");
    items.push({ key: "pin", label, work: choose(() => void pin(messageId, !pinned)) });
  }
  if (active && own && message.forwarded_from === undefined) {
    items.push({ key: "edit", label: t("message.edit"), work: choose(() => onEdit?.(message)) });
  }
  items.push({ key: "details", label: t("menu.details"), work: ask({ kind: "details", message }) });
  if (!own) {
    const asked: Asked = { kind: "report", userId: message.sender_id, message };
    items.push({ key: "report", label: t("menu.report"), work: ask(asked), danger: true });
  }
  if (numbered && onReply !== undefined) {
    const hide = choose(() => {
      if (confirm(t("menu.hide.sure"))) void remove(message, "me");
    });
    items.push({ key: "hide", label: t("menu.hide"), work: hide, danger: true });
  }
  if (active && mayDelete) {
    const work = choose(() => {
      if (confirm(t("message.delete.sure"))) void remove(message, "all");
    });
    items.push({ key: "delete", label: t("message.delete"), work, danger: true });
  }

  return (
    <div className="menu" ref={place} role="menu" aria-label={t("message.more")} tabIndex={-1} onKeyDown={onKey}>
      {active && !channel && (
        <p className="emoji" role="presentation">
          {EMOJI.map((emoji) => {
            const mine = message.reactions?.find((each) => each.emoji === emoji)?.user_ids.includes(me) ?? false;
            return (
              <button
                key={emoji}
                type="button"
                role="menuitemcheckbox"
                aria-label={t("message.react", { emoji })}
                aria-checked={mine}
                onClick={choose(() => void react(message, emoji, !mine))}
              >
                {emoji}
              </button>
            );
          })}
          <button
            type="button"
            role="menuitem"
            aria-label={t("emoji.react")}
            title={t("emoji.react")}
            onClick={ask({ kind: "react", message })}
          >
            <Icon name="plus" />
          </button>
        </p>
      )}
      {items.map(({ key, label, work, danger }) => (
        <button key={key} type="button" role="menuitem" className={danger ? "danger" : undefined} onClick={work}>
          {label}
        </button>
      ))}
    </div>
  );
}

function walk(event: KeyboardEvent<HTMLElement>): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? across(event.key, isRightToLeft());
  if (by === 0) return;
  event.preventDefault();
  const all = [...event.currentTarget.querySelectorAll("button")];
  const now = all.indexOf(document.activeElement as HTMLButtonElement);
  all[(now + by + all.length) % all.length]?.focus();
}

/** Close it by Escape, and by whatever is pressed outside of it. */
function useClosing(place: { current: HTMLDivElement | null }, onClose: () => void): void {
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    place.current?.querySelector("button")?.focus();
    const onEvent = (event: Event) => {
      const inside = place.current?.parentElement?.contains(event.target as Node);
      if (event instanceof KeyboardEvent ? event.key !== "Escape" : inside) return;
      event.preventDefault();
      close.current();
    };
    addEventListener("keydown", onEvent, true);
    addEventListener("pointerdown", onEvent);
    return () => {
      removeEventListener("keydown", onEvent, true);
      removeEventListener("pointerdown", onEvent);
    };
  }, [place]);
}

const MARGIN = 8;

/** Open it to the side that has more room, no higher than that, and not beyond the edges, also when a phone is turned. */
function useRoom(place: { current: HTMLDivElement | null }): void {
  useLayoutEffect(() => {
    const adjust = () => fitted(place.current);
    adjust();
    addEventListener("resize", adjust);
    return () => removeEventListener("resize", adjust);
  }, [place]);
}

function fitted(menu: HTMLDivElement | null): void {
  const frame = menu?.closest(".history")?.getBoundingClientRect();
  const from = menu?.parentElement?.getBoundingClientRect();
  if (!menu || frame === undefined || from === undefined) return;
  menu.style.maxHeight = menu.style.translate = "";
  const above = from.top - frame.top - MARGIN;
  const below = frame.bottom - from.bottom - MARGIN;
  const down = menu.offsetHeight > above && below > above;
  menu.dataset.down = String(down);
  menu.style.maxHeight = `${Math.max(120, down ? below : above)}px`;
  const { left, right } = menu.getBoundingClientRect();
  const shift = Math.min(0, frame.right - MARGIN - right) + Math.max(0, frame.left + MARGIN - left);
  menu.style.translate = `${shift}px 0`;
}
