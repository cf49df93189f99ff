/** How one's own message stands, as a sign with its words. */

import type { Delivery } from "../core/delivery";
import { useStore } from "../state/store";
import { problem, t } from "../words";
import { Icon, type IconName } from "./Icon";

const ICONS: Readonly<Record<Delivery["state"], IconName>> = {
  sending: "clock",
  waiting: "clock",
  accepted: "ring",
  provisional: "clock",
  queued: "clock",
  sent: "tick",
  received: "ticks",
  read: "ticks",
  refused: "warn",
  failed: "warn",
};

export function DeliveryMark({ delivery }: { delivery: Delivery }) {
  const online = useStore((state) => state.standing.at === "online");
  const label = words(delivery, online);
  return (
    <span className="delivery" data-state={delivery.state} title={label}>
      {delivery.state === "queued" && <span aria-hidden="true">{label}</span>}
      <Icon name={ICONS[delivery.state]} label={label} />
    </span>
  );
}

function words(delivery: Delivery, online: boolean): string {
  switch (delivery.state) {
    case "queued":
      return t("state.queued", { region: delivery.region });
    case "refused":
    case "failed":
      return t(`state.${delivery.state}`, { reason: problem(delivery.code, delivery.reason) });
    case "sending":
      return t(online ? "state.sending" : "state.offline");
    default:
      return t(`state.${delivery.state}`);
  }
}
