/** One row of a history, with what stands above it: a new day, the first unread message. */

import { memo } from "react";
import type { Row } from "../core/rows";
import { isMessage } from "../core/timeline";
import type { Message } from "../core/types";
import { t } from "../words";
import { Bubble } from "./Bubble";
import { useEventText } from "./events";
import { OutboxBubble } from "./OutboxBubble";
import { dayOf, whole } from "./times";

interface Props {
  id: string;
  row: Row;
  /** Whether it is what was sought. */
  found: boolean;
  /** Missing where one does not write; what changes messages is then not offered either. */
  onReply?: ((to: Message) => void) | undefined;
  onEdit?: ((of: Message) => void) | undefined;
}

export const HistoryRow = memo(function HistoryRow({ id, row, found, onReply, onEdit }: Props) {
  return (
    <div className="history-row" data-head={row.head} data-found={found}>
      {row.newDay && <p className="day">{dayOf(row.at)}</p>}
      {row.fresh && <p className="fresh">{t("talk.unread")}</p>}
      {row.item !== null && <OutboxBubble item={row.item} />}
      {row.message !== null &&
        (isMessage(row.message) ? (
          <Bubble id={id} message={row.message} head={row.head} onReply={onReply} onEdit={onEdit} />
        ) : (
          <Event message={row.message} />
        ))}
    </div>
  );
});

function Event({ message }: { message: Message }) {
  return (
    <p className="event" title={whole(Date.parse(message.sent_at))}>
      {useEventText(message)}
    </p>
  );
}
