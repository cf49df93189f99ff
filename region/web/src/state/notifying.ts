/** Tells of a message while nobody looks at the page, if that is wanted; one notice for each conversation, the newest. */

import { noticeOf } from "../core/notices";
import type { Message } from "../core/types";
import { api, got } from "../io/api";
import { chosenNotices } from "../io/notices";
import { t } from "../words";
import { get } from "./store";

export async function tell(message: Message): Promise<void> {
  const choice = chosenNotices();
  const { inbox, people } = get();
  const conversation = inbox[message.conversation_id];
  if (conversation === undefined || Date.parse(conversation.preferences?.muted_until ?? "") > Date.now()) return;
  const params = { path: { user_id: message.sender_id } };
  const sender = people[message.sender_id] ?? (await got(api.GET("/users/{user_id}", { params })).catch(() => null));
  const name = sender?.display_name || sender?.handle || t("app.name");
  const said = {
    title: conversation.kind === "direct" ? name : `${conversation.name} · ${name}`,
    body: message.text || (message.attachments?.[0]?.name ?? ""),
  };
  const shown = noticeOf(choice, said, { title: t("app.name"), body: "" });
  if (shown === null) return;
  const { title, body } = shown;
  const path = `/web/c/${message.conversation_id}`;
  const options = { body, tag: message.conversation_id, icon: "/web/icon.svg", data: path };
  // On phones only the service worker may show one.
  const worker = await navigator.serviceWorker?.getRegistration("/web/");
  if (get().phase !== "in") return; // whom it was for has left
  if (worker !== undefined) await worker.showNotification(title, options);
  else new Notification(title, options).onclick = () => focus();
}
