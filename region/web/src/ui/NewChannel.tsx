/** Finds channels of all regions and subscribes to them, or makes one. */

import { useEffect, useState } from "react";
import { newName } from "../core/names";
import type { Picture } from "../core/types";
import { api, got } from "../io/api";
import { t } from "../words";
import { Avatar } from "./Avatar";
import { Field } from "./Field";
import { useAttempt } from "./useAttempt";
import { useEntering } from "./useEntering";

interface Found {
  channel_id: string;
  name: string;
  role: string;
  subscriber_count: number;
  description: string;
  picture: Picture | null;
}

const PAUSE_MS = 250;

export function NewChannel({ onMade }: { onMade: (id: string) => void }) {
  const [name, setName] = useState("");
  const [open, setOpen] = useState(true);
  const [id] = useState(newName);
  const { busy, wrong, attempt } = useAttempt();

  async function make() {
    const body = { name: name.trim(), public: open, client_message_id: id };
    onMade((await got(api.POST("/channels", { body }))).channel_id);
  }

  return (
    <div className="form">
      <FindChannel onOpen={onMade} />
      <hr />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(make);
        }}
      >
        <Field
          name="name"
          label={t("new.channel.name")}
          value={name}
          onChange={(event) => setName(event.target.value)}
          maxLength={100}
          required
        />
        <label className="check">
          <input type="checkbox" checked={open} onChange={(event) => setOpen(event.target.checked)} />{" "}
          {t("new.channel.public")}
        </label>
        {wrong !== null && (
          <p className="warning" role="alert">
            {wrong}
          </p>
        )}
        <button type="submit" className="primary" disabled={busy || name.trim() === ""}>
          {t("new.channel.create")}
        </button>
      </form>
    </div>
  );
}

function FindChannel({ onOpen }: { onOpen: (id: string) => void }) {
  const [query, setQuery] = useState("");
  const [found, setFound] = useState<Found[]>([]);
  const { busy, wrong, attempt } = useAttempt();
  const { waits, enter } = useEntering(onOpen);
  useEffect(() => {
    if (query.trim() === "") {
      setFound([]);
      return;
    }
    let stale = false;
    const timer = setTimeout(async () => {
      const answer = await got(api.GET("/channels", { params: { query: { query: query.trim() } } })).catch(() => null);
      if (!stale && answer !== null) setFound(answer.channels);
    }, PAUSE_MS);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [query]);

  async function open({ channel_id: id, role }: Found) {
    if (role !== "") return onOpen(id);
    const params = { path: { channel_id: id } };
    await enter(id, await got(api.POST("/channels/{channel_id}/subscribers", { params, body: {} })));
  }

  return (
    <div>
      <Field
        name="query"
        type="search"
        label={t("new.channel.find")}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      {waits !== null && <p role="status">{t("join.waits", { region: waits })}</p>}
      {wrong !== null && <p className="warning">{wrong}</p>}
      <ul className="found">
        {found.map((channel) => (
          <li key={channel.channel_id} className="row">
            <Avatar id={channel.channel_id} name={channel.name} kind="channel" picture={channel.picture} />
            <span className="row-title" dir="auto">
              {channel.name}
            </span>
            <span className="row-text">
              {[t("talk.subscribers", { n: channel.subscriber_count }), channel.description]
                .filter(Boolean)
                .join(" · ")}
            </span>
            <button type="button" className="button" disabled={busy} onClick={() => void attempt(() => open(channel))}>
              {t(channel.role === "" ? "new.channel.subscribe" : "new.channel.open")}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
