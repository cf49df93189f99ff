/** Everything that is on the screen, in one store: fed by the socket and by pages, changed by nothing else. */

import { create } from "zustand";
import { type Inbox, withListed } from "../core/inbox";
import type { Item } from "../core/outbox";
import type { Presences } from "../core/presence";
import { EMPTY, type Timeline } from "../core/timeline";
import type { Conversation, Message, Pin, Profile, RegionView, Tokens } from "../core/types";
import type { Upload } from "../core/uploads";
import type { Standing } from "../io/link";
import type { Trouble } from "../io/problem";
import { t, withMore } from "../words";
import type { MoreKey } from "../words/more.en";

/** What is asked above everything else: where a message goes on to, what is wrong with it or somebody, all that is known of it, with what one reacts to it. */
export type Asked =
  | { kind: "forward"; message: Message }
  | { kind: "details"; message: Message }
  | { kind: "react"; message: Message }
  | { kind: "report"; userId: string; message: Message | null };

/** What is known of a group or a channel besides its messages. */
export interface About {
  role: string;
  members: number;
  description: string;
  ownerRegion: string;
  public: boolean;
}

export interface Typist {
  userId: string;
  until: number;
}

export interface State {
  phase: "starting" | "stuck" | "out" | "in" | "leaving";
  /** Why the app cannot begin, and what is said of it. */
  stuck: { kind: Trouble; reason: string } | null;
  /** Why this device was logged out, if somebody else did it. */
  ended: string | null;
  me: Tokens | null;
  standing: Standing;
  regions: readonly RegionView[];
  inbox: Inbox;
  /** Whether the list has been read from the region since the page was loaded. */
  listed: boolean;
  timelines: Readonly<Record<string, Timeline>>;
  /** Own messages that wait for another region and are in no outbox of this device. */
  pending: Readonly<Record<string, readonly Message[]>>;
  outbox: readonly Item[];
  drafts: Readonly<Record<string, string>>;
  /** Of each conversation those that go with the next message. */
  files: Readonly<Record<string, readonly Upload[]>>;
  people: Readonly<Record<string, Profile>>;
  about: Readonly<Record<string, About>>;
  typists: Readonly<Record<string, Typist>>;
  /** Conversation to the number of the newest message that came and names oneself. */
  named: Readonly<Record<string, number>>;
  presences: Presences;
  /** Of conversations that were looked at: what is pinned, the newest first. */
  pins: Readonly<Record<string, readonly Pin[]>>;
  /** The message to be brought into view. */
  sought: { id: string; messageId: string } | null;
  asked: Asked | null;
  /** Why a conversation's history could not be read. */
  troubles: Readonly<Record<string, string>>;
  /** The region that has said lately that it is islanded. */
  islanded: string | null;
  /** A sentence about something that just went wrong. */
  notice: string | null;
}

const NOTHING: State = {
  phase: "starting",
  stuck: null,
  ended: null,
  me: null,
  standing: { at: "off" },
  regions: [],
  inbox: {},
  listed: false,
  timelines: {},
  pending: {},
  outbox: [],
  drafts: {},
  files: {},
  people: {},
  about: {},
  typists: {},
  named: {},
  presences: {},
  pins: {},
  sought: null,
  asked: null,
  troubles: {},
  islanded: null,
  notice: null,
};

export const useStore = create<State>(() => NOTHING);

export const get = useStore.getState;
export const set = useStore.setState;

/** Let nobody be here: everything on the screen goes. */
export function clear(phase: "out" | "leaving", ended: string | null = null): void {
  set({ ...NOTHING, phase, ended });
}

export function timelineOf(id: string): Timeline {
  return get().timelines[id] ?? EMPTY;
}

export function setTimeline(id: string, timeline: Timeline): void {
  set((state) => ({ timelines: { ...state.timelines, [id]: timeline } }));
}

export function putConversations(conversations: readonly Conversation[]): void {
  set((state) => ({ inbox: withListed(state.inbox, conversations) }));
}

/** Show a sentence for a moment. */
export function notify(notice: string): void {
  set({ notice });
}

/** As `notify`, with words that are brought for it. */
export function notifyMore(key: MoreKey, given?: Parameters<typeof t>[1]): void {
  withMore(Promise.resolve()).then(
    () => notify(t(key, given)),
    () => {}, // where words cannot be brought, nothing can be said
  );
}
