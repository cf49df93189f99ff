/** While an @ is typed in a group: the members who may be meant. The text field keeps the focus; arrows choose, Enter or Tab takes. */

import { type RefObject, useEffect, useId, useMemo, useState } from "react";
import { begunAt, candidates, completed } from "../core/mentions";
import { membersOf } from "../state/mentioning";
import { useStore } from "../state/store";
import { t } from "../words";
import { Avatar } from "./Avatar";
import "./styles/dialogs.css";

interface Props {
  id: string;
  text: string;
  input: RefObject<HTMLTextAreaElement | null>;
  onChange: (text: string) => void;
}

export default function Mentioning({ id, text, input, onChange }: Props) {
  const [caret, setCaret] = useState(() => input.current?.selectionStart ?? text.length);
  const [chosen, setChosen] = useState(0);
  const [given, setGiven] = useState<string | null>(null);
  const listId = useId();
  const people = useStore((state) => state.people);
  const marks = useStore((state) => state.timelines[id]?.marks);
  const begun = begunAt(text, caret);
  const query = begun?.query;
  // biome-ignore lint/correctness/useExhaustiveDependencies: members and their profiles come late
  const found = useMemo(
    () => (query === undefined || query === given ? [] : candidates(query, membersOf(id))),
    [id, query, given, people, marks],
  );
  const place = Math.min(chosen, found.length - 1);

  function take(at: number) {
    const person = found[at];
    if (person === undefined || begun === null) return;
    const next = completed(text, begun, person.handle);
    onChange(next.text);
    setCaret(next.caret);
    setChosen(0);
    requestAnimationFrame(() => {
      input.current?.focus();
      input.current?.setSelectionRange(next.caret, next.caret);
    });
  }

  useEffect(() => {
    const onSelect = () => {
      if (document.activeElement === input.current) setCaret(input.current?.selectionStart ?? 0);
    };
    document.addEventListener("selectionchange", onSelect);
    return () => document.removeEventListener("selectionchange", onSelect);
  }, [input]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a longer text may end before the caret is told of
  useEffect(() => setCaret(input.current?.selectionStart ?? text.length), [text]);

  useEffect(() => {
    const field = input.current;
    if (field === null || found.length === 0) return;
    const onKey = (event: KeyboardEvent) => {
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (by !== undefined) setChosen((place + by + found.length) % found.length);
      else if ((event.key === "Enter" || event.key === "Tab") && !event.isComposing) take(place);
      else if (event.key === "Escape") setGiven(query ?? null);
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    field.addEventListener("keydown", onKey);
    field.setAttribute("aria-controls", listId);
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-activedescendant", `${listId}-${place}`);
    return () => {
      field.removeEventListener("keydown", onKey);
      for (const name of ["aria-controls", "aria-autocomplete", "aria-activedescendant"]) field.removeAttribute(name);
    };
  });

  return (
    <div className="mentioning">
      <p className="unseen" role="status">
        {found.length > 0 && t("mention.found", { n: found.length })}
      </p>
      {found.length > 0 && (
        <div className="menu" role="listbox" id={listId} aria-label={t("mention.title")}>
          {found.map((person, at) => {
            const name = person.display_name || person.handle;
            return (
              <button
                key={person.user_id}
                id={`${listId}-${at}`}
                type="button"
                role="option"
                tabIndex={-1}
                className="row"
                aria-selected={at === place}
                onPointerDown={(event) => event.preventDefault()}
                onClick={() => take(at)}
              >
                <Avatar id={person.user_id} name={name} />
                <span className="row-title" dir="auto">
                  {name}
                </span>
                <span className="row-text">@{person.handle}</span>
              </button>
            );
          })}
        </div>
      )}
    </div>
  );
}
