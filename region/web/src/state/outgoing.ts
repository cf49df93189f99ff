/** The outbox at work: what is written is kept first, then shown, then sent, and stays until it has its outcome. */

import { newName } from "../core/names";
import * as outbox from "../core/outbox";
import type { ErrorFrame, Message, RefusedFrame } from "../core/types";
import { database } from "../io/database";
import type { Link } from "../io/link";
import { get, set } from "./store";
import { aside, keepAside } from "./telling";

let link: Link | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let written = 0;
/** Whether what is numbered is kept until it is accepted, too; so before a region has said anything. */
let untilAccepted = true;
const sent = new Set<string>();
/** What this page has taken away; the database may still hold it for a moment. */
const gone = new Set<string>();
/** What is being sent once more: whoever presses twice sends once. */
const retried = new Set<string>();

export function speakOver(of: Link | null): void {
  link = of;
  sent.clear();
}

/** Take in what an earlier page has left, or another tab that may be closed by now; what is here is newer. */
export async function load(): Promise<void> {
  const kept = await (await database()).getAll("outbox");
  set(({ outbox: here }) => ({ outbox: outbox.joined(here, kept, gone) }));
}

/** Begin anew on a new connection: everything without an outcome is sent again, and answered with what became of it. */
export function reconnected(keepUntilAccepted: boolean): void {
  untilAccepted = keepUntilAccepted;
  sent.clear();
  load()
    .catch(() => {}) // what is here goes all the same
    .then(flush);
}

/** Write a message; it is kept before this returns. */
export async function write(message: Omit<outbox.Item, "clientMessageId" | "at" | "stage">): Promise<void> {
  const item: outbox.Item = { ...message, clientMessageId: newName(), at: now(), stage: { at: "sending" } };
  await (await database()).put("outbox", item);
  set((state) => ({ outbox: [...state.outbox, item] }));
  flush();
}

/** Two messages of the same millisecond keep their order. */
function now(): number {
  written = Math.max(Date.now(), written + 1);
  return written;
}

/** Send what was refused or failed once more, as a new message; what is sent once more already is not. */
export async function retry(name: string): Promise<void> {
  const item = find(name);
  if (item === undefined || !outbox.isOver(item) || retried.has(name)) return;
  retried.add(name);
  try {
    const anew = outbox.again(item, newName(), now());
    await (await database()).put("outbox", anew);
    set((state) => ({ outbox: [...state.outbox, anew] }));
    await discard(name);
  } finally {
    retried.delete(name);
  }
}

/** Take an item away, after its outcome or because its author gives it up. */
export async function discard(name: string): Promise<void> {
  gone.add(name);
  set((state) => ({ outbox: state.outbox.filter((item) => item.clientMessageId !== name) }));
  flush(); // the next one waits for nothing that the browser does
  await (await database()).delete("outbox", name);
}

function flush(): void {
  clearTimeout(timer);
  const items = get().outbox;
  for (const item of outbox.due(items, Date.now(), sent)) {
    if (!link?.say(outbox.frameOf(item))) return;
    sent.add(item.clientMessageId);
  }
  const next = outbox.nextLook(items);
  if (next !== null) timer = setTimeout(flush, Math.max(50, next - Date.now()));
}

function find(name: string | undefined): outbox.Item | undefined {
  return get().outbox.find((item) => item.clientMessageId === name);
}

/** Let an item go on; null ends it. */
function change(name: string | undefined, to: (item: outbox.Item) => outbox.Item | null): boolean {
  const item = find(name);
  if (item === undefined) return false;
  const changed = to(item);
  if (changed === null) aside(discard(item.clientMessageId));
  if (changed === null || changed === item) return true;
  set((state) => ({ outbox: state.outbox.map((each) => (each === item ? changed : each)) }));
  keepAside((kept) => kept.put("outbox", changed));
  if ("until" in changed.stage && changed.stage.until > 0) sent.delete(changed.clientMessageId);
  flush();
  return true;
}

export function onAccepted(name: string, messageId: string, conversationId: string): void {
  change(name, (item) => outbox.accepted(item, messageId, conversationId));
}

/** Return whether it was one of this device. */
export function onPending(message: Message): boolean {
  return change(message.client_message_id, (item) => outbox.queued(item, message));
}

/** Return whether it was a message that is in the outbox here. */
export function onRefused(frame: RefusedFrame): boolean {
  return change(frame.client_message_id, (item) => outbox.refused(item, frame.code, frame.detail));
}

export function onError(frame: ErrorFrame): void {
  change(frame.client_message_id, (item) => outbox.erred(item, frame, Date.now()));
}

/** An entry is the outcome of a message of one's own; where the region says so, only together with its being accepted. */
export function onEntry(message: Message): void {
  change(message.client_message_id, (item) => outbox.numbered(item, message, untilAccepted));
}
