/** All that is known of a message: who has it and who has read it, what it said before, by which way it came. */

import { useEffect, useState } from "react";
import type { Message } from "../core/types";
import { type Step, stepsOf } from "../core/way";
import { api, got } from "../io/api";
import { ways } from "../state/signs";
import { t } from "../words";
import { Avatar } from "./Avatar";
import { Dialog } from "./Dialog";
import { usePlainName } from "./names";
import { quoteOf } from "./Talk";
import { whole } from "./times";
import { useAttempt } from "./useAttempt";

export function Details({ message, onClose }: { message: Message; onClose: () => void }) {
  const { conversation_id: id, seq } = message;
  return (
    <Dialog title={t("details.title")} onClose={onClose}>
      <blockquote className="quote">
        <span dir="auto">{quoteOf(message)}</span>
      </blockquote>
      <p className="hint">
        {t("details.sent", { date: whole(Date.parse(message.sent_at)) })}
        {seq !== null && ` · ${t("details.number", { n: seq })}`}
      </p>
      {id.startsWith("g") && seq !== null && <Receipts message={message} />}
      {id.startsWith("c") && seq !== null && <Views message={message} />}
      {message.edited !== undefined && <Edits message={message} />}
      <Way messageId={message.message_id} />
    </Dialog>
  );
}

function Receipts({ message: { conversation_id: id, message_id: messageId } }: { message: Message }) {
  const { found, wrong } = useAnswer(() =>
    got(
      api.GET("/groups/{group_id}/messages/{message_id}/receipts", {
        params: { path: { group_id: id, message_id: messageId } },
      }),
    ),
  );
  if (found === null) return wrong === null ? null : <p className="warning">{wrong}</p>;
  return (
    <>
      <Whom title={t("details.read", { n: found.read_by.length })} ids={found.read_by} />
      <Whom title={t("details.received", { n: found.received_by.length })} ids={found.received_by} />
      <Whom title={t("details.unread", { n: found.unread_by.length })} ids={found.unread_by} />
    </>
  );
}

function Whom({ title, ids }: { title: string; ids: readonly string[] }) {
  if (ids.length === 0) return null;
  return (
    <section>
      <h3>{title}</h3>
      <ul className="whom">
        {ids.map((id) => (
          <Who key={id} id={id} />
        ))}
      </ul>
    </section>
  );
}

function Who({ id }: { id: string }) {
  const name = usePlainName(id);
  return (
    <li>
      <Avatar id={id} name={name} /> {name}
    </li>
  );
}

function Views({ message: { conversation_id: id, message_id: messageId } }: { message: Message }) {
  const { found, wrong } = useAnswer(() =>
    got(
      api.GET("/channels/{channel_id}/messages/{message_id}/views", {
        params: { path: { channel_id: id, message_id: messageId } },
      }),
    ),
  );
  if (found === null) return wrong === null ? null : <p className="warning">{wrong}</p>;
  return (
    <>
      <p>{t("details.views", { n: found.views })}</p>
      {found.incomplete.length > 0 && (
        <p className="hint">{t("details.views.incomplete", { regions: found.incomplete.join(", ") })}</p>
      )}
    </>
  );
}

function Edits({ message: { message_id: messageId } }: { message: Message }) {
  const params = { path: { message_id: messageId } };
  const { found, wrong } = useAnswer(() => got(api.GET("/messages/{message_id}/edits", { params })));
  if (found === null) return wrong === null ? null : <p className="warning">{wrong}</p>;
  return (
    <section>
      <h3>{t("details.edits")}</h3>
      <ol className="edits">
        {found.edits.slice(0, -1).map((edit) => (
          <li key={edit.seq}>
            <time dateTime={edit.sent_at}>{whole(Date.parse(edit.sent_at))}</time>
            <p dir="auto">{edit.text}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Way({ messageId }: { messageId: string }) {
  const steps = stepsOf(ways.get(messageId) ?? []);
  return (
    <section>
      <h3>{t("details.way")}</h3>
      {steps.length === 0 && <p className="hint">{t("details.way.none")}</p>}
      <ol className="way">
        {steps.map((step, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the steps of one way never change
          <Hop key={place} step={step} first={place === 0} />
        ))}
      </ol>
    </section>
  );
}

function Hop({ step, first }: { step: Step; first: boolean }) {
  return (
    <li>
      <span>
        {step.region} · {step.part}
      </span>
      {!first && <span className="hint">{t("details.way.step", { n: step.after })}</span>}
    </li>
  );
}

/** What the region answers to a question that is asked once. */
function useAnswer<T>(ask: () => Promise<T>): { found: T | null; wrong: string | null } {
  const [found, setFound] = useState<T | null>(null);
  const { wrong, attempt } = useAttempt();
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once
  useEffect(() => {
    void attempt(async () => setFound(await ask()));
  }, []);
  return { found, wrong };
}
