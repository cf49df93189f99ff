/** Narrowing a search: to a conversation, to what somebody has written, to some days, to a kind. */

import { useId, useMemo, useState } from "react";
import { KINDS, type Narrowed, narrowness, WIDE } from "../core/hits";
import { listed } from "../core/inbox";
import type { Conversation, Profile } from "../core/types";
import { useStore } from "../state/store";
import { t } from "../words";

interface Props {
  narrowed: Narrowed;
  onChange: (narrowed: Narrowed) => void;
}

export function SearchFilters({ narrowed, onChange }: Props) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const n = narrowness(narrowed);
  const by = (name: keyof Narrowed) => ({
    value: narrowed[name],
    onChange: (event: { target: { value: string } }) => onChange({ ...narrowed, [name]: event.target.value }),
  });
  return (
    <div className="filters">
      <button
        type="button"
        className="plain"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        {n === 0 ? t("search.narrow") : t("search.narrowed", { n })}
      </button>
      {n > 0 && (
        <button type="button" className="plain" onClick={() => onChange(WIDE)}>
          {t("search.wide")}
        </button>
      )}
      {open && (
        <fieldset id={id} className="filters-fields" aria-label={t("search.narrow")}>
          <label>
            {t("search.in")}
            <select {...by("conversationId")}>
              <option value="">{t("search.in.all")}</option>
              <Conversations />
            </select>
          </label>
          <label>
            {t("search.by")}
            <select {...by("senderId")}>
              <option value="">{t("search.by.all")}</option>
              <People />
            </select>
          </label>
          <label>
            {t("search.kind")}
            <select {...by("kind")}>
              <option value="">{t("search.kind.all")}</option>
              {KINDS.map((kind) => (
                <option key={kind} value={kind}>
                  {t(`search.kind.${kind}`)}
                </option>
              ))}
            </select>
          </label>
          <label>
            {t("search.from")}
            <input type="date" max={narrowed.until || undefined} {...by("from")} />
          </label>
          <label>
            {t("search.until")}
            <input type="date" min={narrowed.from || undefined} {...by("until")} />
          </label>
        </fieldset>
      )}
    </div>
  );
}

function Conversations() {
  const inbox = useStore((state) => state.inbox);
  const people = useStore((state) => state.people);
  const all = useMemo(() => {
    const titled = [...listed(inbox, false), ...listed(inbox, true)].map((each) => ({
      id: each.conversation_id,
      title: titleOf(each, people),
    }));
    return titled.filter(({ title }) => title !== "");
  }, [inbox, people]);
  return all.map(({ id, title }) => (
    <option key={id} value={id}>
      {title}
    </option>
  ));
}

function titleOf(each: Conversation, people: Readonly<Record<string, Profile>>): string {
  if (each.kind !== "direct") return each.name;
  const peer = people[each.peer_id ?? ""];
  return peer === undefined ? "" : peer.display_name || `@${peer.handle}`;
}

/** Oneself, and everybody who was seen here. */
function People() {
  const people = useStore((state) => state.people);
  const me = useStore((state) => state.me?.user_id ?? "");
  const others = useMemo(
    () =>
      Object.values(people)
        .filter((each) => each.user_id !== me)
        .map(({ user_id: id, display_name: name, handle }) => ({
          id,
          name: name ? `${name} (@${handle})` : `@${handle}`,
        }))
        .sort((a, b) => a.name.localeCompare(b.name)),
    [people, me],
  );
  return [{ id: me, name: t("you") }, ...others].map(({ id, name }) => (
    <option key={id} value={id}>
      {name}
    </option>
  ));
}
