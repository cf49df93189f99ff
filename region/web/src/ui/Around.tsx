/** What was said around one message of the past: read in both directions, apart from the live end of the conversation. */

import { useEffect, useMemo, useState } from "react";
import { Virtuoso } from "react-virtuoso";
import { Link } from "wouter";
import { prepended, rowsOf } from "../core/rows";
import { EMPTY, type Timeline, withNewer, withOlder } from "../core/timeline";
import { api, got } from "../io/api";
import { useStore } from "../state/store";
import { t } from "../words";
import { HistoryRow } from "./HistoryRow";
import { Icon } from "./Icon";
import { useTitle } from "./names";
import { useAttempt } from "./useAttempt";

const PAGE = 40;
const START = 1_000_000;

interface Place {
  id: string;
  before: string;
  after: string;
}

interface Read {
  timeline: Timeline;
  newer: string | null;
  /** How many rows were put before the first ones. */
  above: number;
}

export default function Around({ id, before, after }: Place) {
  const me = useStore((state) => state.me?.user_id ?? "");
  const title = useTitle(useStore((state) => state.inbox[id]));
  const [read, setRead] = useState<Read | null>(null);
  const [found, setFound] = useState<string | null>(null);
  const { busy, wrong, attempt } = useAttempt();
  const parts = { pending: [], outbox: [], me, unread: [0, 0] as const };
  const { entries } = read?.timeline ?? EMPTY;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the rest is the same for one place
  const rows = useMemo(() => rowsOf({ ...parts, entries }), [entries]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: read once for a place
  useEffect(() => {
    void attempt(async () => {
      const [past, future] = await Promise.all([page({ before }), page({ after })]);
      setFound(past.messages[0]?.message_id ?? null);
      const begun = withNewer(withOlder(EMPTY, past.messages, past.next), future.messages);
      setRead({ timeline: begun, newer: future.previous, above: 0 });
    });
  }, [id, before, after]);

  function page(from: { before: string } | { after: string }) {
    const query = { conversation_id: id, limit: PAGE, log: true, ...from };
    return got(api.GET("/messages", { params: { query } }));
  }

  async function older() {
    if (busy || read === null || read.timeline.older === null || read.timeline.older === undefined) return;
    const past = await page({ before: read.timeline.older });
    const grown = withOlder(read.timeline, past.messages, past.next);
    setRead({ ...read, timeline: grown, above: read.above + prepended(rows, rowsOf({ ...parts, ...grown })) });
  }

  async function newer() {
    if (busy || read === null || read.newer === null) return;
    const future = await page({ after: read.newer });
    setRead({ ...read, timeline: withNewer(read.timeline, future.messages), newer: future.previous });
  }

  const place = rows.findIndex((row) => row.message?.message_id === found);
  return (
    <section className="talk">
      <header className="talk-head">
        <Link href="/" className="round back" aria-label={t("common.back")}>
          <Icon name="back" />
        </Link>
        <div>
          <h2 dir="auto">{title}</h2>
          <p className="subtitle">{t("search.around")}</p>
        </div>
      </header>
      <div className="history">
        {wrong !== null && <p className="warning">{wrong}</p>}
        {rows.length > 0 && (
          <Virtuoso
            className="rows"
            role="log"
            aria-label={t("talk.history")}
            data={rows}
            firstItemIndex={START - (read?.above ?? 0)}
            initialTopMostItemIndex={{ index: Math.max(0, place), align: "center" }}
            computeItemKey={(_, row) => row.key}
            itemContent={(_, row) => <HistoryRow id={id} row={row} found={row.message?.message_id === found} />}
            startReached={() => void attempt(older)}
            endReached={() => void attempt(newer)}
          />
        )}
      </div>
      <p className="talk-note">
        <Link href={`/c/${id}`} className="button">
          {t("talk.latest")}
        </Link>
      </p>
    </section>
  );
}
