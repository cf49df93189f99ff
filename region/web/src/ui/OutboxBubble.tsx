/** A message of one's own that has no outcome yet, or was turned down. */

import { ofItem } from "../core/delivery";
import type { Item } from "../core/outbox";
import { discard, retry } from "../state/outgoing";
import { aside } from "../state/telling";
import { problem, t } from "../words";
import { Attachments } from "./Attachments";
import { DeliveryMark } from "./DeliveryMark";
import { Text } from "./Text";
import { clock } from "./times";

export function OutboxBubble({ item }: { item: Item }) {
  const delivery = ofItem(item);
  const down = delivery.state === "refused" || delivery.state === "failed";
  return (
    <article className="message" data-own="true" data-provisional={!down} data-down={down}>
      <div className="bubble">
        {item.attachments.length > 0 && <Attachments all={item.attachments} />}
        <Text text={item.text} mentions={item.mentions} />
        <p className="meta">
          <time dateTime={new Date(item.at).toISOString()}>{clock(item.at)}</time>
          <DeliveryMark delivery={delivery} />
        </p>
      </div>
      {down && (
        <p className="down" role="alert">
          {t(`state.${delivery.state}`, { reason: problem(delivery.code, delivery.reason) })}{" "}
          <button type="button" className="plain" onClick={() => aside(retry(item.clientMessageId))}>
            {t("state.retry")}
          </button>
          <button type="button" className="plain" onClick={() => aside(discard(item.clientMessageId))}>
            {t("state.discard")}
          </button>
        </p>
      )}
    </article>
  );
}
