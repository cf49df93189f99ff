/** The one state that a message of one's own is shown in, whether it is still in the outbox or numbered already. Pure. */

import type { Item } from "./outbox";
import type { Status } from "./timeline";

export type Delivery =
  | { state: "sending" | "accepted" | "provisional" | "sent" | "received" | "read" }
  | { state: "waiting"; reason: string }
  | { state: "queued"; region: string }
  | { state: "refused" | "failed"; reason: string; code: string };

export function ofItem(item: Item): Delivery {
  const { stage } = item;
  switch (stage.at) {
    case "sending":
    case "accepted":
    case "provisional":
      return { state: stage.at };
    case "waiting":
      return { state: "waiting", reason: stage.reason };
    case "queued":
      return { state: "queued", region: stage.region };
    default:
      return { state: stage.at, reason: stage.reason, code: stage.code };
  }
}

export function ofStatus(status: Status, channel: boolean): Delivery {
  return { state: status === "unread" || channel ? "sent" : status };
}
