/** What the tabs of a browser know of devices that were logged out in it: that, and why. */

import { beforeEach, expect, test, vi } from "vitest";
import { pretendStorage } from "./pretending";

let kept: Map<string, string>;
let tabs: typeof import("../src/io/tabs");

/** Open a page of this browser, which was told nothing yet. */
async function open(): Promise<void> {
  vi.resetModules();
  tabs = await import("../src/io/tabs");
}

beforeEach(async () => {
  kept = new Map();
  pretendStorage(kept);
  vi.stubGlobal("BroadcastChannel", undefined);
  await open();
});

test("a page that comes later finds why", async () => {
  tabs.tellLeaving("v1", "expired");
  tabs.tellLeaving("v2", "logged-out");
  await open();

  expect(["v1", "v2", "v3", ""].map(tabs.whyLeft)).toEqual(["expired", "logged-out", null, null]);
  expect(["v1", "v3"].map(tabs.hasLeft)).toEqual([true, false]);
});

test("that somebody wanted it counts, whatever is found before or after", async () => {
  tabs.tellLeaving("v1", "logged-out");
  tabs.tellLeaving("v1", "expired");
  tabs.tellLeaving("v2", "expired");
  tabs.tellLeaving("v2", "logged-out");
  await open();

  expect(["v1", "v2"].map(tabs.whyLeft)).toEqual(["logged-out", "logged-out"]);
});

test("a note of an earlier version, which knew of no other reason, means that somebody wanted it; what is no note means nothing", async () => {
  kept.set("causeway.left", '["v1"]');
  expect(tabs.whyLeft("v1")).toBe("logged-out");

  kept.set("causeway.left", "{");
  expect(tabs.whyLeft("v1")).toBeNull();
});

test("the newest 20 are remembered", async () => {
  for (let n = 1; n <= 21; n++) tabs.tellLeaving(`v${n}`, "reused");
  await open();

  expect(["v1", "v2", "v21"].map(tabs.hasLeft)).toEqual([false, true, true]);
});
