/** The history of a conversation: virtualised, older pages come while one scrolls, and nothing moves under the eye. */

import { useEffect, useMemo, useRef, useState } from "react";
import { Virtuoso, type VirtuosoHandle } from "react-virtuoso";
import { Link } from "wouter";
import { around, epochAt } from "../core/pins";
import { isOther, prepended, type Row, reaches, rowsOf } from "../core/rows";
import { EMPTY } from "../core/timeline";
import type { Message } from "../core/types";
import { forgetTrouble, readOlder } from "../state/history";
import { type State, set, useStore } from "../state/store";
import { attend, standAtEnd } from "../state/watching";
import { t } from "../words";
import { HistoryRow } from "./HistoryRow";
import { Icon } from "./Icon";
import { type End, type GoTo, useEnd } from "./useEnd";

const START = 1_000_000;
const NONE: readonly Message[] = [];

interface Props {
  id: string;
  /** What was unread when it was opened, as two numbers: above the first, up to the second. */
  unread: readonly [number, number];
  onReply: (to: Message) => void;
  onEdit: (of: Message) => void;
}

export function History({ id, unread, onReply, onEdit }: Props) {
  const rows = useRows(id, unread);
  const { firstIndex, turn } = usePlace(rows);
  const older = useStore((state) => state.timelines[id]?.older);
  const list = useRef<VirtuosoHandle>(null);
  const end = useEnd(list);
  const beginning = older === null;
  const sought = useSought(id, rows, end.goTo);
  const fresh = rows.findIndex((row) => row.fresh);
  const far = useFar(id, unread, older);
  useUnreadPlace(fresh, rows.length > 0, end);
  if (rows.length === 0) return <Empty id={id} beginning={beginning} />;
  const begin =
    sought.place >= 0
      ? { index: sought.place, align: "center" as const }
      : fresh >= 0
        ? { index: fresh, align: "start" as const }
        : { index: rows.length - 1, align: "end" as const };
  return (
    <div className="history" ref={end.frame}>
      <Virtuoso
        key={turn}
        ref={list}
        className="rows"
        role="log"
        aria-label={t("talk.history")}
        data={rows}
        firstItemIndex={firstIndex}
        initialTopMostItemIndex={begin}
        computeItemKey={(_, row) => row.key}
        itemContent={(_, row) => (
          <HistoryRow
            id={id}
            row={row}
            found={sought.messageId !== null && sought.messageId === row.message?.message_id}
            onReply={onReply}
            onEdit={onEdit}
          />
        )}
        startReached={() => void readOlder(id)}
        followOutput={(near) =>
          !end.seeking.current && (near || end.follows.current || rows.at(-1)?.item !== null) ? "auto" : false
        }
        atBottomStateChange={(isThere) => {
          end.onEnd(isThere);
          standAtEnd(id, isThere);
        }}
        atBottomThreshold={60}
        increaseViewportBy={{ top: 1_200, bottom: 400 }}
        alignToBottom
        context={{ beginning }}
        components={COMPONENTS}
      />
      {far !== null && (
        <Link href={far} className="button far">
          {t("talk.first")}
        </Link>
      )}
      {!end.atEnd && (
        <button
          type="button"
          className="round latest"
          aria-label={t("talk.latest")}
          title={t("talk.latest")}
          onClick={() => list.current?.scrollToIndex({ index: "LAST", align: "end" })}
        >
          <Icon name="down" />
        </button>
      )}
    </div>
  );
}

function Empty({ id, beginning }: { id: string; beginning: boolean }) {
  const trouble = useStore((state) => state.troubles[id]);
  if (trouble === undefined) {
    return <div className="history nothing">{beginning ? t("talk.begin") : t("app.loading")}</div>;
  }
  function again() {
    forgetTrouble(id);
    attend(id);
  }
  return (
    <div className="history nothing">
      <p>{trouble}</p>
      <button type="button" className="button" onClick={again}>
        {t("talk.again")}
      </button>
    </div>
  );
}

const FOUND_MS = 2_500;

/** The message that is sought here: brought into view, and shown as found for a moment. */
function useSought(id: string, rows: readonly Row[], goTo: GoTo) {
  const messageId = useStore((state) => (state.sought?.id === id ? state.sought.messageId : null));
  const place = messageId === null ? -1 : rows.findIndex((row) => row.message?.message_id === messageId);
  const now = useRef(place);
  now.current = place;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each message that is sought
  useEffect(() => {
    if (messageId === null) return;
    const giveUp = place >= 0 ? goTo(() => now.current, "center") : undefined;
    const timer = setTimeout(() => set({ sought: null }), FOUND_MS);
    return () => {
      giveUp?.();
      clearTimeout(timer);
    };
  }, [messageId]);
  return { messageId, place };
}

/** The way to the first unread message, where it is further back than what is here; null if there is no need of one. */
function useFar(id: string, [read, head]: Props["unread"], older: string | null | undefined): string | null {
  const entries = useStore((state) => (state.timelines[id] ?? EMPTY).entries);
  if (!older || read === 0 || read >= head || reaches(entries, read)) return null;
  const { before, after } = around(epochAt(entries, read + 1), read + 1);
  return `/c/${[id, "at", before, after].map(encodeURIComponent).join("/")}`;
}

/**
 * What is unread may come only after what was kept is on the screen: it is gone to once, unless one has left the end meanwhile.
 *
 * @param fresh The place of the first that is unread, −1 for none.
 */
function useUnreadPlace(fresh: number, shown: boolean, { follows, seeking, goTo }: End) {
  const place = useRef(fresh);
  const wasKnown = useRef(false);
  const before = useRef(false);
  const isKnown = fresh >= 0;
  place.current = fresh;
  if (!wasKnown.current && isKnown) {
    wasKnown.current = true;
    if (before.current && follows.current) seeking.current = true; // from now on, so that the list does not follow its end to it
    follows.current = false;
  }
  useEffect(() => {
    before.current = shown;
    return isKnown && seeking.current ? goTo(() => place.current, "start") : undefined;
  }, [isKnown, shown, seeking, goTo]);
}

const COMPONENTS = {
  Header: ({ context }: { context?: { beginning: boolean } }) => (
    <p className="edge">{context?.beginning ? t("talk.begin") : t("talk.older")}</p>
  ),
  Footer: () => <div className="foot" />,
};

function useRows(id: string, unread: Props["unread"]): Row[] {
  const { entries } = useStore((state) => state.timelines[id] ?? EMPTY);
  const pending = useStore((state) => state.pending[id] ?? NONE);
  const outbox = useStore((state: State) => state.outbox);
  const me = useStore((state) => state.me?.user_id ?? "");
  return useMemo(() => {
    const own = outbox.filter((item) => item.conversationId === id);
    return rowsOf({ entries, pending, outbox: own, me, unread });
  }, [entries, pending, outbox, me, id, unread]);
}

/**
 * The index of the first row: it falls by as many as are put before it, and rises when the first one goes, so that the list knows that it stands where it stood.
 * Where nothing of what was there is left, since too much has come for what was kept to be joined to it, the list begins anew: another turn.
 */
function usePlace(rows: readonly Row[]): { firstIndex: number; turn: number } {
  const [place, setPlace] = useState<Place>({ firstIndex: START, turn: 0, key: null });
  const before = useRef(rows);
  const key = rows[0]?.key ?? null;
  let next = place;
  if (key !== place.key) {
    next = isOther(before.current, rows)
      ? { firstIndex: START, turn: place.turn + 1, key }
      : { ...place, firstIndex: place.firstIndex - prepended(before.current, rows), key };
    setPlace(next);
  }
  useEffect(() => {
    before.current = rows;
  }, [rows]);
  return next;
}

interface Place {
  firstIndex: number;
  turn: number;
  /** Of the first row. */
  key: string | null;
}
