/** Who is in a group; owners and admins add, let in and remove. */

import { useCallback, useEffect, useState } from "react";
import { api, got } from "../io/api";
import { useStore } from "../state/store";
import { t } from "../words";
import { en, type Key } from "../words/en";
import { Avatar } from "./Avatar";
import { PersonLine } from "./NewPanel";
import { usePlainName } from "./names";
import { PeopleSearch } from "./PeopleSearch";
import { useAttempt } from "./useAttempt";

type Member = Awaited<ReturnType<typeof read>>[number];

async function read(id: string) {
  return (await got(api.GET("/groups/{group_id}/members", { params: { path: { group_id: id } } }))).members;
}

export function Members({ id, role }: { id: string; role: string }) {
  const me = useStore((state) => state.me?.user_id ?? "");
  const count = useStore((state) => state.about[id]?.members);
  const [members, setMembers] = useState<Member[]>([]);
  const [adding, setAdding] = useState(false);
  const { busy, wrong, attempt } = useAttempt();
  const runs = role === "owner" || role === "admin";
  const again = useCallback(async () => setMembers(await read(id)), [id]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: looked at again when somebody has come or gone
  useEffect(() => {
    again().catch(() => {}); // a notice has said why already
  }, [again, count]);

  async function add(userId: string) {
    const params = { path: { group_id: id } };
    await got(api.POST("/groups/{group_id}/members", { params, body: { user_id: userId } }));
    setAdding(false);
    await again();
  }

  async function remove(userId: string) {
    await got(
      api.DELETE("/groups/{group_id}/members/{user_id}", { params: { path: { group_id: id, user_id: userId } } }),
    );
    await again();
  }

  return (
    <div>
      <h3>{t("new.group.members")}</h3>
      {wrong !== null && <p className="warning">{wrong}</p>}
      <ul className="found">
        {members.map((member) => (
          <li key={member.user_id} className="row">
            <MemberLine member={member} />
            {runs && member.user_id !== me && member.role !== "owner" && (
              <button
                type="button"
                className="button"
                disabled={busy}
                onClick={() => void attempt(() => (member.role === "asking" ? add : remove)(member.user_id))}
              >
                {t(member.role === "asking" ? "about.let-in" : "about.remove")}
              </button>
            )}
          </li>
        ))}
      </ul>
      {runs && !adding && (
        <button type="button" className="button" onClick={() => setAdding(true)}>
          {t("about.add")}
        </button>
      )}
      {adding && (
        <PeopleSearch>
          {(person) => (
            <button type="button" className="row" onClick={() => void attempt(() => add(person.user_id))}>
              <PersonLine person={person} />
            </button>
          )}
        </PeopleSearch>
      )}
    </div>
  );
}

function MemberLine({ member }: { member: Member }) {
  const name = usePlainName(member.user_id);
  const key = `role.${member.role}`;
  const role = key in en ? t(key as Key) : member.role;
  return (
    <>
      <Avatar id={member.user_id} name={name} />
      <span className="row-title">{name}</span>
      <span className="row-text">
        {role} · {t("talk.lives", { region: member.home_region })}
      </span>
    </>
  );
}
