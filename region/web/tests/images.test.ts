/** Images that were seen: kept once, for as long as they may be seen, and given up for room. */

import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, test, vi } from "vitest";

const PATIENCE = { timeout: 30_000 };
const WEBP = { headers: { "Content-Type": "image/webp" } };

let images: typeof import("../src/io/images");
let storage: typeof import("../src/io/storage");
let fetched: string[];
let answer: () => Response;

beforeEach(async () => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => {} });
  fetched = [];
  answer = () => new Response("some bytes", WEBP);
  vi.stubGlobal("fetch", async (address: string) => {
    fetched.push(address);
    return answer();
  });
  await page();
});

/** Have another page of the same browser and account. */
async function page(userId = "u1-us"): Promise<void> {
  vi.resetModules();
  const { belongTo } = await import("../src/io/database");
  belongTo(userId);
  images = await import("../src/io/images");
  storage = await import("../src/io/storage");
}

const see = (key: string) => images.image(key, async () => `https://blobs.example.org/${key}`);
const areKept = (n: number) => vi.waitFor(async () => expect(await images.countImages()).toBe(n), PATIENCE);

test("what was seen is here in the next page, and is fetched once, however many show it at a time", async () => {
  const [one, other] = await Promise.all([see("b1/small"), see("b1/small")]);
  await areKept(1);
  await page();

  expect(one).toBe(other);
  expect(await (await see("b1/small")).text()).toBe("some bytes");
  expect(fetched).toEqual(["https://blobs.example.org/b1/small"]);
});

test("an address that is not good any more is an error, and what is no image, or no thumbnail, is shown and not kept", async () => {
  answer = () => new Response("expired", { status: 403 });
  await expect(see("b1/small")).rejects.toMatchObject({ status: 403 });
  answer = () => new Response("<html>", { headers: { "Content-Type": "text/html" } });
  await see("b2/small");
  answer = () => new Response(new Uint8Array(300_000), WEBP);
  await see("b3/large");
  answer = () => new Response("some bytes", WEBP);
  await see("b4/large");

  await areKept(1);
});

test("of a message that was deleted both sizes go, of others none", async () => {
  for (const key of ["b1/small", "b1/large", "b10/small", "b2/small"]) await see(key);
  await areKept(4);
  await images.dropImages(["b1"]);

  await areKept(2);
  await see("b10/small");
  expect(fetched).toHaveLength(4);
});

test("what was on its way when everything was cleared is not kept, nor is anything when its owner has left", async () => {
  let come = () => {};
  const coming = new Promise<void>((resolve) => (come = resolve));
  const late = images.image("b1/small", async () => {
    await coming;
    return "https://blobs.example.org/b1/small";
  });
  await storage.clearSeen();
  come();
  await late;
  await see("b2/small");
  await areKept(1);

  await images.forgetImages("u1-us");
  expect((await indexedDB.databases()).map(({ name }) => name)).not.toContain("causeway.images.u1-us");
});

test("where there is no room all of them give way, and what is shown is shown", async () => {
  await see("b1/small");
  await areKept(1);
  const put = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
    throw new DOMException("The disk is full.", "QuotaExceededError");
  });
  expect(await (await see("b2/small")).text()).toBe("some bytes");

  await areKept(0);
  put.mockRestore();
});

test("one account's images are not another's", async () => {
  await see("b1/small");
  await areKept(1);
  await page("u2-us");

  expect(await images.countImages()).toBe(0);
});
