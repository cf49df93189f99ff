/** The list of conversations: filtered, virtualised, walked through with the arrow keys. */

import { type KeyboardEvent, Suspense, useMemo, useState } from "react";
import { Virtuoso } from "react-virtuoso";
import { Link } from "wouter";
import { called, listed } from "../core/inbox";
import type { Conversation } from "../core/types";
import { useStore } from "../state/store";
import { t } from "../words";
import { Icon } from "./Icon";
import { ListRow } from "./ListRow";
import { later } from "./later";

const SearchHits = later(() => import("./SearchHits"));

export function Sidebar({ openId }: { openId: string | null }) {
  const [filter, setFilter] = useState("");
  const [archived, setArchived] = useState(false);
  const all = useListed(archived);
  const others = useListed(!archived);
  const shown = useFiltered(all, filter);
  const searching = filter.trim().length >= SEARCHED;
  const isRead = useStore((state) => state.listed);
  return (
    <nav className="sidebar" aria-label={t("list.title")} onKeyDown={walk}>
      <header>
        <p className="title" aria-hidden="true">
          {t("app.name")}
        </p>
        <Link href="/new" className="round" aria-label={t("new.title")} title={t("new.title")}>
          <Icon name="plus" />
        </Link>
        <Link href="/settings" className="round" aria-label={t("settings.title")} title={t("settings.title")}>
          <Icon name="gear" />
        </Link>
      </header>
      <label className="search">
        <Icon name="search" />
        <input
          id="filter"
          type="search"
          dir="auto"
          placeholder={t("list.filter")}
          aria-label={t("list.filter")}
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
      </label>
      {(archived || others.length > 0) && (
        <button type="button" className="plain archive" aria-pressed={archived} onClick={() => setArchived(!archived)}>
          {t("list.archive")}
        </button>
      )}
      {all.length === 0 && others.length === 0 && isRead && (
        <div className="nothing">
          <p>{t("list.empty")}</p>
          <p>{t("list.empty.hint")}</p>
          <Link href="/new" className="button primary">
            {t("new.title")}
          </Link>
        </div>
      )}
      {all.length > 0 && shown.length === 0 && !searching && <p className="nothing">{t("list.none")}</p>}
      {(shown.length > 0 || searching) && (
        <Virtuoso
          className="list"
          tabIndex={-1}
          data={shown}
          context={{ query: searching ? filter.trim() : "" }}
          components={COMPONENTS}
          computeItemKey={(_, each) => each.conversation_id}
          itemContent={(_, each) => <ListRow conversation={each} open={each.conversation_id === openId} />}
          increaseViewportBy={400}
        />
      )}
    </nav>
  );
}

const SEARCHED = 2; // from so many letters on texts are searched as well

const COMPONENTS = {
  Footer: ({ context }: { context?: { query: string } }) =>
    context?.query ? (
      <Suspense>
        <SearchHits query={context.query} />
      </Suspense>
    ) : null,
};

function useListed(archived: boolean): Conversation[] {
  const inbox = useStore((state) => state.inbox);
  return useMemo(() => listed(inbox, archived), [inbox, archived]);
}

function useFiltered(all: readonly Conversation[], filter: string): readonly Conversation[] {
  const people = useStore((state) => state.people);
  return useMemo(() => called(all, people, filter), [all, filter, people]);
}

/** Whether arrows choose something in what has the focus: what a search is narrowed to. */
const isChoosing = (target: EventTarget) => target instanceof Element && target.closest(".filters-fields") !== null;

/** Arrows go from row to row, whether the filter or a row has the focus. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  if ((event.key !== "ArrowDown" && event.key !== "ArrowUp") || isChoosing(event.target)) return;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>("a.row")];
  const place = rows.indexOf(document.activeElement as HTMLElement);
  const next = rows[place + (event.key === "ArrowDown" ? 1 : -1)];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}
