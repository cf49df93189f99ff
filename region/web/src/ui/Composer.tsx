/** Where one writes: what is typed is kept as a draft, and goes to the outbox with Enter. */

import { type KeyboardEvent, Suspense, useEffect, useRef, useState } from "react";
import type { Purpose } from "../core/drafts";
import { isComposed } from "../core/leaving";
import type { Mention } from "../core/pieces";
import { readEdit, writeEdit } from "../io/drafts";
import { edit } from "../state/altering";
import { keepDraft } from "../state/drafts";
import { typed } from "../state/incoming";
import { write } from "../state/outgoing";
import { get, notify, useStore } from "../state/store";
import { t } from "../words";
import { EmojiButton } from "./EmojiButton";
import { Icon } from "./Icon";
import { later } from "./later";
import { useName } from "./names";
import { quoteOf } from "./Talk";
import { useFiles } from "./useFiles";

const Tray = later(() => import("./Tray"));
const Mentioning = later(() => import("./Mentioning"));

const mayMean = (id: string, text: string) => id.startsWith("g") && text.includes("@");

const PATIENCE_MS = 1_000;

/** Whom a text names; nobody, if it cannot be found out soon. */
async function meant(id: string, text: string): Promise<Mention[]> {
  if (!mayMean(id, text)) return [];
  return Promise.race([
    import("../state/mentioning").then(({ mentionsOf }) => mentionsOf(id, text)).catch(() => []),
    new Promise<Mention[]>((resolve) => setTimeout(resolve, PATIENCE_MS, [])),
  ]);
}

/** Ends when all that was sent before is in the outbox: texts keep the order in which they were typed. */
let before: Promise<void> = Promise.resolve();

function writeInTurn(message: Parameters<typeof write>[0]): Promise<void> {
  const mentions = meant(message.conversationId, message.text);
  const written = before.then(async () => write({ ...message, mentions: await mentions }));
  before = written.catch(() => {}); // whoever sent it is told
  return written;
}

const MOST_BYTES = 16 * 1024;

export function Composer({ id, purpose, onDone }: { id: string; purpose: Purpose; onDone: () => void }) {
  const editing = purpose.kind === "edit" ? purpose.of : null;
  const draft = useStore((state) => state.drafts[id] ?? "");
  const peer = useStore((state) => state.inbox[id]?.peer_id ?? null);
  const [text, setText] = useState(() => (editing === null ? draft : readEdit(editing.message_id) || editing.text));
  const input = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const files = useFiles(id, input);
  const tooLong = new TextEncoder().encode(text).length > MOST_BYTES;
  const attachments = editing === null ? files.attachments : [];
  const ready = attachments !== null && !tooLong && (text.trim() !== "" || attachments.length > 0);

  useEffect(() => {
    if (matchMedia("(hover: hover)").matches || purpose.kind !== "write") input.current?.focus();
  }, [purpose]);

  useEffect(() => {
    if (editing === null) setText(draft); // it may come from another device
  }, [editing, draft]);

  const draftNow = () => get().drafts[id] ?? "";

  async function send() {
    if (!ready || attachments === null) return;
    if (editing !== null) {
      if (text === editing.text || (await edit(editing, text, await meant(id, text)))) giveUp();
      return;
    }
    const replyTo = purpose.kind === "reply" ? purpose.to.message_id : null;
    const message = { conversationId: id, recipientId: peer, text: text.trim(), replyTo, attachments };
    setText("");
    const handed = files.hand();
    try {
      await writeInTurn(message);
    } catch (error) {
      const since = draftNow();
      if (since !== text) keepDraft(id, [text, since].filter(Boolean).join("\n"));
      setText(draftNow());
      handed.putBack();
      notify(t("state.failed", { reason: String(error) }));
      return;
    }
    if (matchMedia("(hover: hover)").matches) input.current?.focus(); // whoever has pressed the button goes on writing
    void handed.forget();
    if (draftNow() === text) keepDraft(id, ""); // only now: a page that goes away before has the draft still
    onDone();
  }

  function take(value: string) {
    setText(value);
    if (editing === null) keepDraft(id, value);
    else writeEdit(editing.message_id, value === editing.text ? "" : value);
    if (value !== "") typed(id);
  }

  /** Done with it; after Escape, an edit goes on later where it was left. */
  function giveUp() {
    if (editing !== null) writeEdit(editing.message_id, "");
    onDone();
  }

  function onKey(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (isComposed(event.nativeEvent)) return;
    if (event.key === "Escape" && purpose.kind !== "write") {
      event.preventDefault();
      onDone();
    }
    const keyboard = matchMedia("(hover: hover)").matches;
    if (event.key === "Enter" && !event.shiftKey && (keyboard || event.ctrlKey)) {
      event.preventDefault();
      void send();
    }
  }

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {purpose.kind !== "write" && <About purpose={purpose} onDone={giveUp} />}
      {editing === null && files.chosen.length > 0 && (
        <Suspense>
          <Tray files={files.chosen} />
        </Suspense>
      )}
      {mayMean(id, text) && (
        <Suspense>
          <Mentioning id={id} text={text} input={input} onChange={take} />
        </Suspense>
      )}
      {editing === null && (
        <button
          type="button"
          className="round"
          aria-label={t("file.choose")}
          title={t("file.choose")}
          onClick={() => picker.current?.click()}
        >
          <Icon name="clip" />
        </button>
      )}
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          files.add(event.target.files ?? []);
          event.target.value = "";
        }}
      />
      <textarea
        ref={input}
        rows={1}
        value={text}
        placeholder={t("compose.text")}
        aria-label={t("compose.text")}
        aria-invalid={tooLong}
        dir="auto"
        onChange={(event) => take(event.target.value)}
        onKeyDown={onKey}
        onPaste={files.onPaste}
      />
      <EmojiButton input={input} onChange={take} />
      <button
        type="submit"
        className="round send"
        disabled={!ready}
        aria-label={t(editing ? "compose.save" : "compose.send")}
      >
        <Icon name={editing ? "tick" : "send"} />
      </button>
      {tooLong && <p className="warning">{t("problem.too-large")}</p>}
    </form>
  );
}

function About({ purpose, onDone }: { purpose: Exclude<Purpose, { kind: "write" }>; onDone: () => void }) {
  const meant = purpose.kind === "edit" ? purpose.of : purpose.to;
  const entries = useStore((state) => state.timelines[meant.conversation_id]?.entries);
  const of = entries?.find((each) => each.message_id === meant.message_id) ?? meant; // as it is by now
  const name = useName(of.sender_id);
  return (
    <div className="purpose">
      <p>
        <strong>{purpose.kind === "edit" ? t("compose.edit") : t("compose.reply", { name })}</strong>
        <span dir="auto">{quoteOf(of)}</span>
      </p>
      <button type="button" className="round small" aria-label={t("common.cancel")} onClick={onDone}>
        <Icon name="close" />
      </button>
    </div>
  );
}
