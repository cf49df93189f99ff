/** Messages whose text was searched for, below the conversations that are called so. */

import { useEffect, useState } from "react";
import { Link } from "wouter";
import { excerpt } from "../core/excerpt";
import { type Found, WIDE, wanted, wantedNext, withPage } from "../core/hits";
import { api, got } from "../io/api";
import { why } from "../state/saying";
import { useStore } from "../state/store";
import { t } from "../words";
import { Avatar } from "./Avatar";
import { useName, useTitle } from "./names";
import { SearchFilters } from "./SearchFilters";
import { brief } from "./times";

const PAUSE_MS = 350;

type Hits = Awaited<ReturnType<typeof search>>;
type Hit = Hits["hits"][number];

function search(query: ReturnType<typeof wanted>) {
  return got(api.GET("/messages/search", { params: { query } }));
}

export default function SearchHits({ query }: { query: string }) {
  const [found, setFound] = useState<Found<Hit> | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const [narrowed, setNarrowed] = useState(WIDE);
  useEffect(() => {
    let stale = false;
    const timer = setTimeout(() => {
      search(wanted(query, narrowed, null))
        .then((answer) => {
          if (stale) return;
          setWrong(null);
          const { hits, next, incomplete } = answer;
          setFound({ query, narrowed, hits, next, incomplete: incomplete.length, wrong: null });
        })
        .catch((error: unknown) => {
          if (!stale) setWrong(why(error));
        });
    }, PAUSE_MS);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [query, narrowed]);

  async function more(before: Found<Hit>) {
    const page = await search(wantedNext(before)).catch((error: unknown) => ({ wrong: why(error) }));
    setFound((now) => withPage(now, before, page));
  }

  return (
    <section className="hits" aria-label={t("search.title")}>
      <h2>{t("search.title")}</h2>
      <SearchFilters narrowed={narrowed} onChange={setNarrowed} />
      {wrong !== null ? (
        <p className="warning hits-note" role="alert">
          {wrong}
        </p>
      ) : found === null ? (
        <p className="hint hits-note">{t("app.loading")}</p>
      ) : (
        <FoundHits found={found} onMore={() => void more(found)} />
      )}
    </section>
  );
}

function FoundHits({ found, onMore }: { found: Found<Hit>; onMore: () => void }) {
  const { next } = found;
  return (
    <>
      {found.hits.length === 0 && next === null && <p className="hint hits-note">{t("search.none")}</p>}
      {found.incomplete > 0 && <p className="hint hits-note">{t("search.incomplete", { n: found.incomplete })}</p>}
      {found.hits.map((hit) => (
        <HitRow key={hit.message.message_id} hit={hit} />
      ))}
      {found.wrong !== null && (
        <p className="warning hits-note" role="alert">
          {found.wrong}
        </p>
      )}
      {next !== null && (
        <button type="button" className="plain" onClick={onMore}>
          {t("search.more")}
        </button>
      )}
    </>
  );
}

function HitRow({ hit: { message, matches, before, after } }: { hit: Hit }) {
  const conversation = useStore((state) => state.inbox[message.conversation_id]);
  const title = useTitle(conversation);
  const sender = useName(message.sender_id);
  const place = [message.conversation_id, "at", before, after].map(encodeURIComponent).join("/");
  return (
    <Link href={`/c/${place}`} className="row">
      <Avatar
        id={conversation?.peer_id ?? message.conversation_id}
        name={title}
        kind={conversation?.kind ?? "direct"}
      />
      <span className="row-title" dir="auto">
        {title}
      </span>
      <time dateTime={message.sent_at}>{brief(Date.parse(message.sent_at))}</time>
      <span className="row-text row-hit" dir="auto">
        <bdi>{sender}: </bdi>
        {excerpt(message.text, matches).map((piece, place) =>
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text never move
          piece.found ? <mark key={place}>{piece.text}</mark> : <span key={place}>{piece.text}</span>,
        )}
      </span>
    </Link>
  );
}
