/** What there is between oneself and somebody: friendship, and a block. */

import { useCallback, useEffect, useState } from "react";
import type { Message } from "../core/types";
import { api, got } from "../io/api";
import { useStore } from "../state/store";
import { t } from "../words";
import type { Key } from "../words/en";
import { useAttempt } from "./useAttempt";

type Friendship = "none" | "friends" | "incoming" | "outgoing";

interface Between {
  friendship: Friendship;
  /** Of friends; `offline` of others, of whom nothing is told. */
  presence: "online" | "offline" | "unknown";
  blocked: boolean;
}

async function read(userId: string): Promise<Between> {
  const [friends, { blocks }] = await Promise.all([got(api.GET("/friends")), got(api.GET("/blocks"))]);
  const among = (list: readonly { user_id: string }[]) => list.some((each) => each.user_id === userId);
  const friendship = among(friends.friends)
    ? "friends"
    : among(friends.incoming)
      ? "incoming"
      : among(friends.outgoing)
        ? "outgoing"
        : "none";
  const presence = friends.friends.find((each) => each.user_id === userId)?.presence ?? "offline";
  return { friendship, presence, blocked: among(blocks) };
}

/** The number of the newest entry, if it is about friendship. */
const turnedAt = (last: Message | null) => (last?.kind.startsWith("friend_") ? last.seq : 0);

export function PersonAbout({ id, userId }: { id: string; userId: string }) {
  const person = useStore((state) => state.people[userId]);
  const turned = useStore((state) => turnedAt(state.inbox[id]?.last_message ?? null));
  const [between, setBetween] = useState<Between | null>(null);
  const { busy, wrong, attempt } = useAttempt();
  const again = useCallback(async () => setBetween(await read(userId)), [userId]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: read again when the other one, or another region, has answered
  useEffect(() => {
    void attempt(again);
  }, [again, turned]);

  const params = { path: { user_id: userId } };
  const act = (work: () => Promise<unknown>) => () =>
    void attempt(async () => {
      await work();
      await again();
    });
  const befriend: Readonly<Record<Friendship, { key: Key; work: () => Promise<unknown> }>> = {
    none: { key: "person.ask", work: () => got(api.POST("/friends", { body: { user_id: userId } })) },
    incoming: {
      key: "person.accept",
      work: () => got(api.POST("/friends/{user_id}/accept", { params, body: {} })),
    },
    outgoing: { key: "person.take-back", work: () => got(api.DELETE("/friends/{user_id}", { params })) },
    friends: { key: "person.end", work: () => got(api.DELETE("/friends/{user_id}", { params })) },
  };

  return (
    <div className="form">
      {person !== undefined && (
        <p className="hint">
          @{person.handle} · {t("talk.lives", { region: person.home_region })}
          {person.status_text && ` · ${person.status_text}`}
          {between !== null && between.presence !== "offline" && ` · ${t(`person.${between.presence}`)}`}
        </p>
      )}
      {between !== null && (
        <p className="buttons">
          {!between.blocked && (
            <button type="button" className="button" disabled={busy} onClick={act(befriend[between.friendship].work)}>
              {t(befriend[between.friendship].key)}
            </button>
          )}
          {between.friendship === "incoming" && (
            <button
              type="button"
              className="button"
              disabled={busy}
              onClick={act(() => got(api.POST("/friends/{user_id}/decline", { params, body: {} })))}
            >
              {t("person.decline")}
            </button>
          )}
          <button
            type="button"
            className="button danger"
            disabled={busy}
            onClick={act(() =>
              got(
                between.blocked
                  ? api.DELETE("/blocks/{user_id}", { params })
                  : api.PUT("/blocks/{user_id}", { params }),
              ),
            )}
          >
            {t(between.blocked ? "person.unblock" : "person.block")}
          </button>
        </p>
      )}
      {wrong !== null && <p className="warning">{wrong}</p>}
    </div>
  );
}
