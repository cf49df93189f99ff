/** The WebSocket to a region: kept connected by the rules of `core/reconnecting`, with what comes in and how it stands told to one listener. */

import { type Ended, NO_PLIGHT, type Plight, plightAfter, TRY_LATER, whatFollows } from "../core/reconnecting";
import type { DeviceFrame, RegionFrame } from "../core/types";
import { goBack, goElsewhere, here } from "./places";
import { ApiError } from "./problem";
import { access } from "./session";

export type Standing =
  | { at: "off" }
  | { at: "connecting"; plight: Plight }
  /** `place`: over which region, an address. */
  | { at: "online"; place: string }
  /** `until`: when it is tried again, milliseconds; `next`: where, an address. */
  | { at: "waiting"; until: number; plight: Plight; next: string };

export interface Listener {
  frame(frame: RegionFrame): void;
  standing(standing: Standing): void;
  /** What to say first. */
  hello(): DeviceFrame & { type: "hello" };
}

const PING_MS = 25_000;
const SILENCE_MS = 12_000;
/** An edge has up to 10 seconds to find out that the home does not answer. */
const CONNECT_MS = 13_000;
const OFFLINE_MS = 3_000;
const HOMEWARD_MS = 60_000;
const ABNORMAL = 1006;
const UNREACHABLE = "region-unreachable";

export class Link {
  readonly #listener: Listener;
  #socket: WebSocket | null = null;
  /** The attempt that waits for its token; another one must not begin meanwhile, and none goes on after a stop. */
  #attempt: object | null = null;
  #wanted = false;
  #welcomed = false;
  #refreshed = false;
  #refused: string | undefined;
  #token = "";
  #place = location.origin;
  #failures = 0;
  #retryAfter: number | null = null;
  #told = false;
  #plight: Plight = NO_PLIGHT;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pinging: ReturnType<typeof setInterval> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #homeward: ReturnType<typeof setTimeout> | undefined;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  start(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    addEventListener("online", this.hurry);
    addEventListener("offline", this.#doubt);
    document.addEventListener("visibilitychange", this.#look);
    void this.#connect();
  }

  stop(): void {
    this.#wanted = false;
    this.#attempt = null;
    removeEventListener("online", this.hurry);
    removeEventListener("offline", this.#doubt);
    document.removeEventListener("visibilitychange", this.#look);
    clearTimeout(this.#timer);
    this.#quiet();
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#listener.standing({ at: "off" });
  }

  /** Do not wait any longer. */
  readonly hurry = (): void => {
    if (this.#wanted) void this.#connect();
  };

  /** Say something; false if there is no connection that was welcomed. */
  say(frame: DeviceFrame): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN || !this.#welcomed) return false;
    this.#socket.send(JSON.stringify(frame));
    if (frame.type === "send") this.#expect(SILENCE_MS);
    return true;
  }

  async #connect(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#socket !== null || this.#attempt !== null) return;
    const attempt = {};
    this.#attempt = attempt;
    this.#listener.standing({ at: "connecting", plight: this.#plight });
    this.#welcomed = false;
    this.#retryAfter = null;
    this.#told = false;
    try {
      const token = await access(this.#refused);
      if (this.#attempt !== attempt) return;
      this.#attempt = null;
      this.#token = token;
      this.#refused = undefined;
    } catch (error) {
      if (this.#attempt !== attempt) return;
      this.#attempt = null;
      if (error instanceof ApiError && error.status === 401) return;
      this.#ended(error instanceof ApiError && error.code === UNREACHABLE ? TRY_LATER : ABNORMAL);
      return;
    }
    this.#place = here();
    const url = `${this.#place.replace(/^http/, "ws")}/ws?access_token=${encodeURIComponent(this.#token)}`;
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#expect(CONNECT_MS);
    socket.onopen = () => socket.send(JSON.stringify(this.#listener.hello()));
    socket.onmessage = (event) => {
      if (this.#socket === socket) this.#take(JSON.parse(String(event.data)) as RegionFrame);
    };
    socket.onclose = (event) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#ended(event.code);
    };
  }

  #take(frame: RegionFrame): void {
    clearTimeout(this.#silence);
    this.#silence = undefined;
    if (frame.type === "welcome") {
      this.#welcomed = true;
      this.#refreshed = false;
      this.#failures = 0;
      this.#plight = NO_PLIGHT;
      this.#pinging = setInterval(this.#ping, PING_MS);
      this.#homeward = setTimeout(() => void this.#lookHome(), HOMEWARD_MS);
      this.#listener.standing({ at: "online", place: this.#place });
    } else if (frame.type === "error" && frame.client_message_id === undefined) {
      this.#retryAfter = frame.retry_after ?? null;
      this.#told = true;
    }
    this.#listener.frame(frame);
  }

  #ended(code: number, silent = false): void {
    this.#quiet();
    if (!this.#wanted) return;
    if (!this.#welcomed) this.#failures += 1;
    const ended: Ended = {
      code,
      welcomed: this.#welcomed,
      silent: silent && navigator.onLine,
      told: this.#told,
      failures: this.#failures,
      retryAfter: this.#retryAfter,
      refreshed: this.#refreshed,
    };
    const next = whatFollows(ended, Math.random());
    if (next.kind === "refresh") {
      this.#refreshed = true;
      this.#refused = this.#token;
      void this.#connect();
      return;
    }
    this.#plight = plightAfter(this.#plight, ended, this.#place);
    if (next.elsewhere && navigator.onLine) goElsewhere(this.#place);
    this.#timer = setTimeout(() => void this.#connect(), next.afterMs);
    const until = Date.now() + next.afterMs;
    this.#listener.standing({ at: "waiting", until, plight: this.#plight, next: here() });
  }

  /** Whoever asks elsewhere goes back to the region of the page, once that serves again all the way to the home. */
  async #lookHome(): Promise<void> {
    const socket = this.#socket;
    const serves = here() !== location.origin && (await this.#servesHome());
    if (this.#socket !== socket) return; // the one that came after it looks for itself
    if (serves) {
      goBack();
      if (this.#place !== location.origin) return socket?.close();
    }
    if (this.#welcomed) this.#homeward = setTimeout(() => void this.#lookHome(), HOMEWARD_MS);
  }

  async #servesHome(): Promise<boolean> {
    try {
      const headers = { Authorization: `Bearer ${await access()}` };
      return (await fetch(`${location.origin}/users/me`, { headers, signal: AbortSignal.timeout(SILENCE_MS) })).ok;
    } catch {
      return false;
    }
  }

  readonly #ping = (): void => {
    if (this.say({ type: "ping", nonce: "" })) this.#expect(SILENCE_MS);
  };

  /** The browser says that there is no network; a region on this machine may answer all the same. */
  readonly #doubt = (): void => {
    if (!this.say({ type: "ping", nonce: "" })) return;
    clearTimeout(this.#silence);
    this.#silence = undefined;
    this.#expect(OFFLINE_MS);
  };

  /** Whatever comes will do; if nothing does, the connection is given up. */
  #expect(withinMs: number): void {
    this.#silence ??= setTimeout(() => this.#drop(), withinMs);
  }

  readonly #look = (): void => {
    if (document.visibilityState !== "visible") return;
    if (this.#socket === null) this.hurry();
    else this.#ping();
  };

  /** Give a silent connection up, without waiting for a farewell that may never come. */
  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#ended(ABNORMAL, true);
  }

  #quiet(): void {
    clearInterval(this.#pinging);
    clearTimeout(this.#homeward);
    clearTimeout(this.#silence);
    this.#silence = undefined;
  }
}
