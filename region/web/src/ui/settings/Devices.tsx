/** Where the account is logged in, and logging a device out. */

import { useEffect, useState } from "react";
import type { Device } from "../../core/types";
import { api, got } from "../../io/api";
import { t } from "../../words";
import { dated } from "../times";
import { useAttempt } from "../useAttempt";
import { Outcome, Section } from "./Section";

export function Devices() {
  const [devices, setDevices] = useState<readonly Device[]>([]);
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
    <Section title={t("settings.devices")} hint={t("settings.devices.hint")}>
      <Outcome wrong={wrong} />
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
                aria-label={t("settings.device.named", { name: device.name || device.device_id })}
                onClick={() => void attempt(() => revoke(device))}
              >
                {t("settings.device.revoke")}
              </button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}
