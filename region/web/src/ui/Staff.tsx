/** Who runs a channel and posts in it; owners give roles, and remove or ban whom they look for, since nobody is told who subscribes. */

import { useCallback, useEffect, useState } from "react";
import { api, got } from "../io/api";
import { t } from "../words";
import { PeopleSearch } from "./PeopleSearch";
import { PersonDeeds } from "./PersonDeeds";
import { useAgain } from "./useAgain";
import { useAttempt } from "./useAttempt";

type One = Awaited<ReturnType<typeof read>>[number];

async function read(id: string) {
  return (await got(api.GET("/channels/{channel_id}/staff", { params: { path: { channel_id: id } } }))).staff;
}

export function Staff({ id, role }: { id: string; role: string }) {
  const [staff, setStaff] = useState<One[]>([]);
  const [searching, setSearching] = useState(false);
  const { wrong, attempt } = useAttempt();
  const look = useCallback(async () => setStaff(await read(id)), [id]);
  const again = useAgain(id, look);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `attempt` is a new one each time
  useEffect(() => {
    void attempt(look);
  }, [look]);
  const rest = { id, mine: role, onDone: again };
  const roleOf = (userId: string) => staff.find((each) => each.user_id === userId)?.role;

  return (
    <section>
      <h3>{t("people.staff")}</h3>
      {wrong !== null && <p className="warning">{wrong}</p>}
      <ul className="found">
        {staff.map((one) => (
          <PersonDeeds
            key={`${one.user_id} ${one.role}`}
            userId={one.user_id}
            region={one.home_region}
            theirs={one.role}
            {...rest}
          />
        ))}
      </ul>
      {role === "owner" && (
        <>
          <h3>{t("people.find")}</h3>
          <p className="hint">{t("people.find.hint")}</p>
          {!searching && (
            <button type="button" className="button" onClick={() => setSearching(true)}>
              {t("people.look")}
            </button>
          )}
          {searching && (
            <PeopleSearch>
              {({ user_id: userId, home_region: region }) => (
                <ul>
                  <PersonDeeds
                    userId={userId}
                    region={region}
                    theirs={roleOf(userId) ?? "subscriber"}
                    sought={roleOf(userId) === undefined}
                    {...rest}
                  />
                </ul>
              )}
            </PeopleSearch>
          )}
        </>
      )}
    </section>
  );
}
