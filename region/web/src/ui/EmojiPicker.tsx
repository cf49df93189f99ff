/** Choosing one of many emoji: by words, by arrows, by a press. */

import { type KeyboardEvent, useId, useMemo, useRef, useState } from "react";
import { called, found, placeBy } from "../core/emoji";
import { isComposed } from "../core/leaving";
import { isRightToLeft, language, t } from "../words";
import { type Emoji, type EmojiKind, emojiEn } from "../words/emoji.en";
import { emojiRu } from "../words/emoji.ru";
import "./styles/emoji.css";

const ALL = Object.entries(emojiEn).flatMap(([kind, all]) =>
  Object.entries(all).map(([emoji, name]) => {
    const names = { en: name as string, ru: emojiRu[emoji as Emoji] };
    return { emoji, kind: kind as EmojiKind, names: Object.values(names), name: called(names[language]) };
  }),
);
const KINDS = Object.keys(emojiEn) as EmojiKind[];

/** @param onChoose Told which one; whoever shows this closes it. */
export default function EmojiPicker({ onChoose }: { onChoose: (emoji: string) => void }) {
  const [query, setQuery] = useState("");
  const [current, setCurrent] = useState(""); // to which the focus comes by Tab
  const place = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const shown = useMemo(() => found(ALL, query), [query]);
  const first = shown.some(({ emoji }) => emoji === current) ? current : shown[0]?.emoji;
  const buttons = () => [...(place.current?.querySelectorAll<HTMLElement>("[data-emoji]") ?? [])];

  function onSearchKey(event: KeyboardEvent<HTMLInputElement>) {
    if (isComposed(event.nativeEvent)) return;
    if (event.key === "Enter") {
      event.preventDefault(); // it may stand in a form
      if (query.trim() !== "" && shown[0] !== undefined) onChoose(shown[0].emoji);
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      buttons()[0]?.focus();
    }
  }

  function onKey(event: KeyboardEvent<HTMLElement>) {
    const all = buttons();
    const places = all.map((each) => ({ left: each.offsetLeft, top: each.offsetTop }));
    const from = all.indexOf(document.activeElement as HTMLElement);
    const next = placeBy(event.key, places, from, isRightToLeft());
    if (next === null && event.key !== "ArrowUp") return;
    event.preventDefault();
    if (next === null) search.current?.focus();
    else all[next]?.focus();
  }

  return (
    <div className="emoji-picker" ref={place}>
      <input
        ref={search}
        type="search"
        // biome-ignore lint/a11y/noAutofocus: it was opened to be chosen from
        autoFocus
        data-first
        dir="auto"
        placeholder={t("emoji.find")}
        aria-label={t("emoji.find")}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        onKeyDown={onSearchKey}
      />
      <p className="unseen" role="status">
        {query.trim() !== "" && t("emoji.found", { n: shown.length })}
      </p>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: its buttons have the focus */}
      <div className="emoji-all" onKeyDown={onKey}>
        {shown.length === 0 && <p className="hint">{t("emoji.none")}</p>}
        {KINDS.map((kind) => (
          <Kind
            key={kind}
            kind={kind}
            all={shown.filter((each) => each.kind === kind)}
            first={first}
            onFocus={setCurrent}
            onChoose={onChoose}
          />
        ))}
      </div>
    </div>
  );
}

interface Of {
  kind: EmojiKind;
  all: readonly (typeof ALL)[number][];
  first: string | undefined;
  onFocus: (emoji: string) => void;
  onChoose: (emoji: string) => void;
}

function Kind({ kind, all, first, onFocus, onChoose }: Of) {
  const id = useId();
  if (all.length === 0) return null;
  return (
    <section aria-labelledby={id}>
      <h3 id={id}>{t(`emoji.${kind}`)}</h3>
      <div className="emoji-kind">
        {all.map(({ emoji, name }) => (
          <button
            key={emoji}
            type="button"
            data-emoji
            aria-label={name}
            title={name}
            tabIndex={emoji === first ? 0 : -1}
            onFocus={() => onFocus(emoji)}
            onClick={() => onChoose(emoji)}
          >
            {emoji}
          </button>
        ))}
      </div>
    </section>
  );
}
