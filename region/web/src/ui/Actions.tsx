/** What may be done with a message: the answer at hand, everything else in a menu that comes when it is opened. */

import { Suspense, useRef, useState } from "react";
import { writes } from "../core/inbox";
import type { Message } from "../core/types";
import { useStore } from "../state/store";
import { t } from "../words";
import { Icon } from "./Icon";
import { later } from "./later";

const MessageMenu = later(() => import("./MessageMenu"));

interface Props {
  message: Message;
  own: boolean;
  onReply?: ((to: Message) => void) | undefined;
  onEdit?: ((of: Message) => void) | undefined;
}

/** Whether somebody who looks at a message may answer it, and change something about it: it has its number, and they are a member who writes there. */
export function useActive({ conversation_id: id, seq }: Message): boolean {
  const role = useStore((state) => state.about[id]?.role);
  return seq !== null && (role === undefined ? !id.startsWith("c") : writes(role));
}

export function Actions(props: Props) {
  const [open, setOpen] = useState(false);
  const more = useRef<HTMLButtonElement>(null);
  const { message, onReply } = props;
  const active = useActive(message) && onReply !== undefined;
  function close() {
    setOpen(false);
    more.current?.focus();
  }
  return (
    <div className="actions" data-open={open}>
      {active && (
        <button
          type="button"
          className="round small answer"
          aria-label={t("message.reply")}
          title={t("message.reply")}
          onClick={() => onReply(message)}
        >
          <Icon name="reply" />
        </button>
      )}
      <button
        ref={more}
        type="button"
        className="round small"
        aria-label={t("message.more")}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name="more" />
      </button>
      {open && (
        <Suspense>
          <MessageMenu {...props} active={active} onClose={close} />
        </Suspense>
      )}
    </div>
  );
}
