/** Sends a message on, to one conversation or several; each copy goes through the outbox like anything that is written. */

import { useEffect, useMemo, useState } from "react";
import { called, listed, writes } from "../core/inbox";
import type { Conversation, Message } from "../core/types";
import { forward } from "../state/forwarding";
import { lookAgain } from "../state/history";
import { notify, useStore } from "../state/store";
import { t } from "../words";
import { Avatar } from "./Avatar";
import { Dialog } from "./Dialog";
import { Field } from "./Field";
import { usePlainName, useTitle } from "./names";
import { quoteOf } from "./Talk";
import { useAttempt } from "./useAttempt";

const MOST_LOOKED_AT = 20;

export function Forward({ message, onClose }: { message: Message; onClose: () => void }) {
  const [filter, setFilter] = useState("");
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const { busy, wrong, attempt } = useAttempt();
  const possible = useWritable();
  const people = useStore((state) => state.people);
  const shown = called(possible, people, filter);
  const name = usePlainName(message.sender_id);

  function toggle(id: string) {
    setChosen(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id]);
  }

  async function send() {
    const to = possible.filter((each) => chosen.includes(each.conversation_id));
    await forward(message, to, (id) => setChosen((left) => left.filter((each) => each !== id)));
    notify(t("forward.sent", { n: to.length }));
    onClose();
  }

  return (
    <Dialog title={t("forward.title")} onClose={onClose}>
      <blockquote className="quote">
        <strong>{name}</strong>
        <span dir="auto">{quoteOf(message)}</span>
      </blockquote>
      <Field
        name="conversation"
        type="search"
        label={t("forward.find")}
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
        autoFocus
      />
      {possible.length === 0 && <p className="hint">{t("forward.none")}</p>}
      <ul className="found dialog-list" aria-label={t("forward.where")}>
        {shown.map((each) => (
          <li key={each.conversation_id}>
            <Choice
              conversation={each}
              chosen={chosen.includes(each.conversation_id)}
              onToggle={() => toggle(each.conversation_id)}
            />
          </li>
        ))}
      </ul>
      {wrong !== null && (
        <p className="warning" role="alert">
          {wrong}
        </p>
      )}
      <button
        type="button"
        className="primary"
        disabled={busy || chosen.length === 0}
        onClick={() => void attempt(send)}
      >
        {t("forward.send", { n: chosen.length })}
      </button>
    </Dialog>
  );
}

function Choice(props: { conversation: Conversation; chosen: boolean; onToggle: () => void }) {
  const { conversation, chosen, onToggle } = props;
  const title = useTitle(conversation);
  return (
    <label className="row forward-choice" data-chosen={chosen}>
      <Avatar id={conversation.peer_id ?? conversation.conversation_id} name={title} kind={conversation.kind} />
      <span className="row-title">{title}</span>
      <input type="checkbox" checked={chosen} onChange={onToggle} />
    </label>
  );
}

/** Where one may write; of channels that were not opened yet the role is asked for. */
function useWritable(): Conversation[] {
  const inbox = useStore((state) => state.inbox);
  const about = useStore((state) => state.about);
  useEffect(() => {
    const channels = Object.keys(inbox).filter((id) => id.startsWith("c") && about[id] === undefined);
    for (const id of channels.slice(0, MOST_LOOKED_AT)) void lookAgain(id);
  }, [inbox, about]);
  return useMemo(() => {
    const may = ({ conversation_id: id }: Conversation) => {
      const role = about[id]?.role;
      return role === undefined ? !id.startsWith("c") : writes(role);
    };
    return [...listed(inbox), ...listed(inbox, true)].filter(may);
  }, [inbox, about]);
}
