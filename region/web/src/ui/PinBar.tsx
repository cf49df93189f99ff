/** What is pinned, above the history: the newest at hand, each press goes on to the one before; all of them in a list. */

import { useEffect, useState } from "react";
import { mayPin, pinsChangedAt } from "../core/pins";
import { EMPTY } from "../core/timeline";
import type { Message, Pin } from "../core/types";
import { pin } from "../state/altering";
import { messageOf, readPins } from "../state/pinning";
import { useStore } from "../state/store";
import { t } from "../words";
import { Icon } from "./Icon";
import { useJump } from "./jump";
import { usePlainName } from "./names";
import { quoteOf } from "./Talk";
import "./styles/pins.css";

const NONE: readonly Pin[] = [];

export default function PinBar({ id }: { id: string }) {
  const pins = useStore((state) => state.pins[id] ?? NONE);
  const changed = useStore((state) => pinsChangedAt(state.timelines[id] ?? EMPTY));
  const loaded = useStore((state) => state.timelines[id]?.older !== undefined);
  const online = useStore((state) => state.standing.at === "online");
  const [place, setPlace] = useState(0);
  const [open, setOpen] = useState(false);
  const jump = useJump(id);
  // biome-ignore lint/correctness/useExhaustiveDependencies: read again when it has changed, and after a connection
  useEffect(() => {
    if (loaded) readPins(id).catch(() => {}); // what is known stays
  }, [id, loaded, changed, online]);
  const now = pins[place] ?? pins[0];
  if (now === undefined) return null;

  function next(to: Pin) {
    jump(to.message_id, to.seq);
    setPlace((pins.indexOf(to) + 1) % pins.length);
  }

  return (
    <section className="pins" aria-label={t("pins.title")}>
      <div className="pin-bar">
        <Icon name="pin" />
        <One key={now.message_id} id={id} pin={now} onGo={() => next(now)}>
          {t("pins.place", { i: pins.indexOf(now) + 1, n: pins.length })}
        </One>
        <button
          type="button"
          className="round small"
          aria-expanded={open}
          aria-label={t("pins.all", { n: pins.length })}
          title={t("pins.all", { n: pins.length })}
          onClick={() => setOpen(!open)}
        >
          <Icon name="down" />
        </button>
      </div>
      {open && (
        <ul>
          {pins.map((each) => (
            <Line key={each.message_id} id={id} pin={each} onGo={() => next(each)} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Line({ id, pin: pinned, onGo }: { id: string; pin: Pin; onGo: () => void }) {
  const role = useStore((state) => state.about[id]?.role ?? "");
  const by = usePlainName(pinned.pinned_by);
  return (
    <li className="pin-bar">
      <One id={id} pin={pinned} onGo={onGo}>
        {t("pins.by", { name: by })}
      </One>
      {mayPin(id, role) && (
        <button
          type="button"
          className="round small"
          aria-label={t("menu.unpin")}
          title={t("menu.unpin")}
          onClick={() => void pin(pinned.message_id, false)}
        >
          <Icon name="close" />
        </button>
      )}
    </li>
  );
}

function One({ id, pin, onGo, children }: { id: string; pin: Pin; onGo: () => void; children: string }) {
  const message = useMessage(id, pin.message_id);
  const name = usePlainName(message?.sender_id ?? "");
  const text = quoteOf(message ?? undefined);
  return (
    <button type="button" className="pin-one" onClick={onGo}>
      <strong>{message === null ? children : `${name} · ${children}`}</strong>
      <span>
        <bdi>{text}</bdi>
      </span>
    </button>
  );
}

const SOON_MS = 2_000;

/** A pinned message, as it is by now; one that is just being fetched from its owner is asked for twice. */
function useMessage(id: string, messageId: string): Message | null {
  const here = useStore((state) => state.timelines[id]?.entries.find((each) => each.message_id === messageId));
  const [found, setFound] = useState<Message | null>(null);
  const missing = here === undefined;
  useEffect(() => {
    if (!missing) return;
    let stale = false;
    const look = async (again: boolean) => {
      const message = await messageOf(id, messageId);
      if (stale) return;
      setFound(message);
      if (message === null && again) setTimeout(() => void look(false), SOON_MS);
    };
    void look(true);
    return () => {
      stale = true;
    };
  }, [id, messageId, missing]);
  return here ?? found;
}
