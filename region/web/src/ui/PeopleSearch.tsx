/** Finds people of all regions while one types; tells which regions did not answer. */

import { type ReactNode, useEffect, useState } from "react";
import type { Profile } from "../core/types";
import { api, got } from "../io/api";
import { put } from "../state/people";
import { why } from "../state/saying";
import { useStore } from "../state/store";
import { t } from "../words";
import { Field } from "./Field";

const PAUSE_MS = 250;

interface Found {
  users: Profile[];
  incomplete: string[];
  wrong: string | null;
}

export function PeopleSearch({ children }: { children: (person: Profile) => ReactNode }) {
  const [query, setQuery] = useState("");
  const found = useFound(query.trim());
  return (
    <div className="people-search">
      <Field
        name="query"
        type="search"
        label={t("new.find")}
        hint={t("new.find.hint")}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        autoFocus
      />
      <div aria-live="polite">
        {found?.wrong && <p className="warning">{found.wrong}</p>}
        {found !== null && found.wrong === null && found.users.length === 0 && (
          <p className="hint">{t("new.find.none")}</p>
        )}
        {found !== null && found.incomplete.length > 0 && (
          <p className="warning">{t("new.find.incomplete", { regions: found.incomplete.join(", ") })}</p>
        )}
        <ul className="found">
          {found?.users.map((person) => (
            <li key={person.user_id}>{children(person)}</li>
          ))}
        </ul>
      </div>
    </div>
  );
}

function useFound(query: string): Found | null {
  const me = useStore((state) => state.me?.user_id);
  const [found, setFound] = useState<Found | null>(null);
  useEffect(() => {
    if (query === "" || query === "@") {
      setFound(null);
      return;
    }
    let stale = false;
    const timer = setTimeout(async () => {
      const answer = await find(query);
      if (!stale) setFound({ ...answer, users: answer.users.filter((each) => each.user_id !== me) });
    }, PAUSE_MS);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [query, me]);
  return found;
}

async function find(query: string): Promise<Found> {
  try {
    const answer = await got(api.GET("/users", { params: { query: { query } } }));
    if (!("users" in answer)) return { users: [answer], incomplete: [], wrong: null };
    put(answer.users);
    return { users: answer.users, incomplete: answer.incomplete, wrong: null };
  } catch (error) {
    return { users: [], incomplete: [], wrong: why(error) };
  }
}
