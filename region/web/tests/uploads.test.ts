/** Files on their way: paused, gone on with, by the next page as well; what has arrived is never brought twice. */

import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, test, vi } from "vitest";
import { partsLeft, type Upload } from "../src/core/uploads";

vi.mock("../src/io/session", () => ({ access: async () => "token" }));

type Uploads = typeof import("../src/state/uploads");
type Store = typeof import("../src/state/store");

const TALK = "d1-us";
const PART = 4;
let uploads: Uploads;
let store: Store;
let region: Region;

/** What the region and its blob store know, and the network to them. */
class Region {
  blobs = new Map<string, { size: number; state: string; there: Map<number, string> }>();
  /** What came by the network, part by part. */
  put: string[] = [];
  /** Parts that are put go through while this is open. */
  open: (part: number) => boolean = () => true;
  waiting: { part: number; end: () => void }[] = [];

  answer(method: string, path: string, body: { size?: number; parts?: number[] }): object | null {
    const [, , id = "", what] = path.split("/");
    if (method === "POST" && id === "") return this.begin(body.size ?? 0);
    const blob = this.blobs.get(id);
    if (blob === undefined) return { status: 404, code: "not-found", detail: "There is no such upload." };
    if (method === "DELETE") return this.blobs.delete(id) ? null : null;
    if (what === "parts") {
      return { urls: Object.fromEntries((body.parts ?? []).map((part) => [part, `blobs:${id}/${part}`])) };
    }
    if (what === "complete") blob.state = "ready";
    return this.view(id);
  }

  begin(size: number): object {
    const id = `b${this.blobs.size + 1}`;
    this.blobs.set(id, { size, state: "uploading", there: new Map() });
    return this.view(id);
  }

  view(id: string): object {
    const { size, state, there } = this.blobs.get(id) ?? { size: 0, state: "", there: new Map<number, string>() };
    const received = [...there].map(([number, bytes]) => ({ number, size: bytes.length }));
    const attachment = state === "ready" ? { blob_id: id, name: "f", size } : null;
    const inParts = size > PART;
    const url = inParts ? null : `blobs:${id}/1`;
    return {
      blob_id: id,
      state,
      problem: null,
      url,
      headers: {},
      part_size: inParts ? PART : null,
      received,
      attachment,
    };
  }

  text(id: string): string {
    return [...(this.blobs.get(id)?.there ?? [])]
      .sort(([a], [b]) => a - b)
      .map(([, bytes]) => bytes)
      .join("");
  }

  go(): void {
    this.open = () => true;
    for (const { end } of this.waiting.splice(0)) end();
  }
}

class Request {
  status = 0;
  upload = { onprogress: null };
  onload = () => {};
  onerror = () => {};
  onabort = () => {};
  #id = "";
  #part = 0;
  #over = false;

  open(_: string, url: string): void {
    const [id = "", part = ""] = url.slice("blobs:".length).split("/");
    this.#id = id;
    this.#part = Number(part);
  }

  setRequestHeader(): void {}

  send(bytes: Blob): void {
    const end = async () => {
      const text = await bytes.text();
      if (this.#over) return;
      region.put.push(`${this.#id}/${this.#part}`);
      region.blobs.get(this.#id)?.there.set(this.#part, text);
      this.status = 200;
      this.onload();
    };
    if (region.open(this.#part)) void end();
    else region.waiting.push({ part: this.#part, end });
  }

  abort(): void {
    this.#over = true;
    this.onabort();
  }
}

/** Locks as browsers have them; those of a page that is gone are free. */
class Locks {
  #held = new Map<string, Promise<void>>();

  async request(name: string, work: () => Promise<void>): Promise<void> {
    const before = this.#held.get(name) ?? Promise.resolve();
    const mine = before.then(work);
    this.#held.set(name, mine);
    await mine;
  }
}

/** Load the page: what an earlier one had in memory is gone, what the browser keeps is not. */
async function load(): Promise<void> {
  vi.resetModules();
  vi.stubGlobal("navigator", { onLine: true, locks: new Locks() });
  for (const { end } of region.waiting.splice(0)) void end; // these requests end with their page
  store = await import("../src/state/store");
  uploads = await import("../src/state/uploads");
  store.set({ phase: "in" });
}

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 30_000 });
const file = (text: string, name = "f.txt") => new File([text], name);
const chosen = (): readonly Upload[] => store.get().files[TALK] ?? [];
const stages = () => chosen().map(({ stage }) => stage.at);
const standing = (...at: string[]) => until(() => expect(stages()).toEqual(at));
const only = () => chosen()[0]?.key ?? "";

beforeEach(async () => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  vi.stubGlobal("location", { origin: "https://us.example.org" });
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => {} });
  vi.stubGlobal("XMLHttpRequest", Request);
  vi.stubGlobal("fetch", async (address: string, { method, body }: { method: string; body: string | null }) => {
    const answer = region.answer(method, new URL(address).pathname, body === null ? {} : JSON.parse(body));
    if (answer === null) return new Response(null, { status: 204 });
    return Response.json(answer, { status: "status" in answer ? Number(answer.status) : 200 });
  });
  region = new Region();
  await load();
});

test("what is left of a file are the parts that are not there, the last one shorter", () => {
  expect(partsLeft(10, 4, new Set([2])).map(({ number, begin, end }) => [number, begin, end])).toEqual([
    [1, 0, 4],
    [3, 8, 10],
  ]);
  expect(partsLeft(3, null, new Set())).toEqual([{ number: 1, begin: 0, end: 3 }]);
  expect(partsLeft(8, 4, new Set([1, 2]))).toEqual([]);
});

test("a file is brought in its parts, whole, and in the order in which files were chosen", async () => {
  uploads.choose(TALK, [file("abcdefghij"), file("xyz", "small")]);
  await standing("ready", "ready");

  const brought = chosen().map(({ name, stage }) => [
    name,
    stage.at === "ready" && region.text(stage.attachment.blob_id),
  ]);
  expect(brought).toEqual([
    ["f.txt", "abcdefghij"],
    ["small", "xyz"],
  ]);
});

test("a paused file stays where it is, and goes on from there", async () => {
  region.open = (part) => part < 2;
  uploads.choose(TALK, [file("abcdefghij")]);
  await until(() => expect(region.waiting.length).toBe(1));
  uploads.pause(only());
  region.go();
  expect(chosen()[0]?.stage).toEqual({ at: "paused", share: 0.4 });

  uploads.goOn(only());
  await standing("ready");

  expect(region.put).toEqual(["b1/1", "b1/2", "b1/3"]);
  expect(region.text("b1")).toBe("abcdefghij");
});

test("paused before the region has said what it calls the file, it is announced once all the same", async () => {
  uploads.choose(TALK, [file("abcdefghij")]);
  uploads.pause(only());
  uploads.goOn(only());
  await standing("ready");

  expect([...region.blobs.keys()]).toEqual(["b1"]);
});

test("the next page goes on with what the last one had not brought", async () => {
  region.open = (part) => part < 2;
  uploads.choose(TALK, [file("abcdefghij")]);
  await until(() => expect(region.waiting.length).toBe(1));
  region.open = () => true;
  await load();
  await uploads.takeUp();
  await standing("ready");

  expect(chosen()[0]?.name).toBe("f.txt");
  expect(region.put).toEqual(["b1/1", "b1/2", "b1/3"]);
  expect(region.text("b1")).toBe("abcdefghij");
});

test("what was paused is so on the next page, too", async () => {
  region.open = () => false;
  uploads.choose(TALK, [file("abcdefghij")]);
  await until(() => expect(region.waiting.length).toBe(1));
  uploads.pause(only());
  await until(async () => {
    const kept = await (await import("../src/io/files")).keptFiles();
    expect(kept.map(({ paused, blobId }) => [paused, blobId])).toEqual([[true, "b1"]]);
  });
  await load();
  await uploads.takeUp();
  await standing("paused");

  region.go();
  uploads.goOn(only());
  await standing("ready");
});

test("what the region has thrown away meanwhile is brought anew", async () => {
  uploads.choose(TALK, [file("abcdefghij")]);
  await standing("ready");
  region.blobs.clear();
  await load();
  await uploads.takeUp();
  await standing("ready");

  expect(region.put.length).toBe(6);
});

test("what has gone with a message, or was left out, is nobody's any more", async () => {
  uploads.choose(TALK, [file("abcdefghij"), file("klmnopqrst")]);
  await standing("ready", "ready");
  const [first, second] = chosen().map(({ key }) => key);
  uploads.forget([first ?? ""]);
  uploads.remove(second ?? "");
  expect(chosen()).toEqual([]);
  await until(() => expect([...region.blobs.keys()].map((id) => region.text(id))).toEqual(["abcdefghij"]));
  const { keptFiles } = await import("../src/io/files");
  await until(async () => expect(await keptFiles()).toEqual([]));

  await load();
  await uploads.takeUp();
  expect(chosen()).toEqual([]);
});

test("what is left out while it is announced is thrown away by the region, too", async () => {
  const begin = region.begin.bind(region);
  let announced = false;
  region.begin = (size) => {
    uploads.remove(only());
    announced = true;
    return begin(size);
  };
  uploads.choose(TALK, [file("abcdefghij")]);
  await until(() => expect(announced).toBe(true));

  await until(() => expect(region.blobs.size).toBe(0));
  expect(region.put).toEqual([]);
});

test("another tab goes on only when the one that brings it is gone", async () => {
  region.open = () => false;
  uploads.choose(TALK, [file("abcdefghij")]);
  await until(() => expect(region.waiting.length).toBe(1));
  const first = { uploads, store };
  const { locks } = navigator;
  vi.resetModules();
  store = await import("../src/state/store");
  uploads = await import("../src/state/uploads");
  store.set({ phase: "in" });
  expect(navigator.locks).toBe(locks);
  await uploads.takeUp();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(chosen()).toEqual([]);

  first.store.clear("leaving");
  await standing("going");
});

test("what nobody answered for goes on after a connection", async () => {
  const answer = region.answer.bind(region);
  region.answer = () => {
    throw new TypeError("no network");
  };
  uploads.choose(TALK, [file("abcdefghij")]);
  await standing("failed");

  region.answer = answer;
  store.set({ standing: { at: "online", place: "https://us.example.org" } });
  await standing("ready");
});

test("more than go with one message are left out", async () => {
  uploads.choose(
    TALK,
    Array.from({ length: 12 }, (_, place) => file("ab", `${place}`)),
  );
  await standing(...Array(10).fill("ready"));
});
