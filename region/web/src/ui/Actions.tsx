/** What may be done with a message: the answer at hand, everything else in a menu that comes when it is opened. */

import { Suspense, useRef, useState } from "react";
import type { Message } from "../core/types";
import { t } from "../words";
import { Icon } from "./Icon";
import { later } from "./later";

const MessageMenu = later(() => import("./MessageMenu"));

interface Props {
  message: Message;
  own: boolean;
  onReply: (to: Message) => void;
  onEdit: (of: Message) => void;
}

export function Actions(props: Props) {
  const [open, setOpen] = useState(false);
  const more = useRef<HTMLButtonElement>(null);
  function close() {
    setOpen(false);
    more.current?.focus();
  }
  return (
    <div className="actions" data-open={open}>
      <button
        type="button"
        className="round small"
        aria-label={t("message.reply")}
        title={t("message.reply")}
        onClick={() => props.onReply(props.message)}
      >
        <Icon name="reply" />
      </button>
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
          <MessageMenu {...props} onClose={close} />
        </Suspense>
      )}
    </div>
  );
}
