/** Profile, devices, language, and the way out. */

import { useEffect, useState } from "react";
import type { Device } from "../core/types";
import { api, got } from "../io/api";
import { logOut } from "../state/account";
import { get, useStore } from "../state/store";
import { t } from "../words";
import { Field } from "./Field";
import { LanguageChoice } from "./LanguageChoice";
import { Panel } from "./Panel";
import { dated } from "./times";
import { useAttempt } from "./useAttempt";

export default function Settings() {
  return (
    <Panel title={t("settings.title")}>
      <Profile />
      <Devices />
      <Notices />
      <h3>{t("settings.language")}</h3>
      <LanguageChoice />
      <button type="button" className="button danger" onClick={() => void leave()}>
        {t("account.logout")}
      </button>
    </Panel>
  );
}

/** Whether the browser may tell of messages while nobody looks; it is the browser that keeps the answer. */
function Notices() {
  const [permission, setPermission] = useState(() => globalThis.Notification?.permission ?? "denied");
  return (
    <div>
      <h3>{t("settings.notices")}</h3>
      <p className="hint">{t(`settings.notices.${permission}`)}</p>
      {permission === "default" && (
        <button
          type="button"
          className="button"
          onClick={() => void Notification.requestPermission().then(setPermission)}
        >
          {t("settings.notices.allow")}
        </button>
      )}
    </div>
  );
}

async function leave(): Promise<void> {
  const n = get().outbox.length;
  if (n === 0 || confirm(t("account.logout.unsent", { n }))) await logOut();
}

function Profile() {
  const me = useStore((state) => state.me);
  const [name, setName] = useState(me?.display_name ?? "");
  const [status, setStatus] = useState("");
  const [saved, setSaved] = useState(false);
  const { busy, wrong, attempt } = useAttempt();
  useEffect(() => {
    got(api.GET("/users/me"))
      .then((profile) => {
        setName(profile.display_name);
        setStatus(profile.status_text);
      })
      .catch(() => {}); // what login told is shown
  }, []);

  async function save() {
    setSaved(false);
    await got(api.PATCH("/users/me", { body: { display_name: name.trim(), status_text: status.trim() } }));
    setSaved(true);
  }

  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void attempt(save);
      }}
    >
      <h3>{t("settings.profile")}</h3>
      <p className="hint">{t("settings.account", { handle: me?.handle ?? "", region: me?.home_region ?? "" })}</p>
      <Field
        name="name"
        label={t("settings.name")}
        value={name}
        onChange={(event) => setName(event.target.value)}
        maxLength={64}
      />
      <Field
        name="status"
        label={t("settings.status")}
        value={status}
        onChange={(event) => setStatus(event.target.value)}
        maxLength={140}
      />
      {wrong !== null && (
        <p className="warning" role="alert">
          {wrong}
        </p>
      )}
      <p className="buttons">
        <button type="submit" className="button" disabled={busy}>
          {t("settings.save")}
        </button>
        {saved && (
          <span className="hint" role="status">
            {t("settings.saved")}
          </span>
        )}
      </p>
    </form>
  );
}

function Devices() {
  const [devices, setDevices] = useState<Device[]>([]);
  const { busy, wrong, attempt } = useAttempt();
  const read = async () => setDevices((await got(api.GET("/devices"))).devices);
  // biome-ignore lint/correctness/useExhaustiveDependencies: read once, when it is shown
  useEffect(() => {
    void attempt(read);
  }, []);

  async function revoke(device: Device) {
    await got(api.DELETE("/devices/{device_id}", { params: { path: { device_id: device.device_id } } }));
    await read();
  }

  return (
    <div>
      <h3>{t("settings.devices")}</h3>
      <p className="hint">{t("settings.devices.hint")}</p>
      {wrong !== null && <p className="warning">{wrong}</p>}
      <ul className="found">
        {devices.map((device) => (
          <li key={device.device_id} className="row">
            <span className="row-title">{device.name || device.device_id}</span>
            <span className="row-text">
              {t("settings.device.since", { date: dated(Date.parse(device.created_at)) })}
              {device.current && ` · ${t("settings.device.current")}`}
            </span>
            {!device.current && (
              <button
                type="button"
                className="button"
                disabled={busy}
                onClick={() => void attempt(() => revoke(device))}
              >
                {t("settings.device.revoke")}
              </button>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
