/** What stands on the page while nothing else does: in whichever phase, it is said what goes on. */

import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { beforeEach, expect, test, vi } from "vitest";
import type { StateCreator } from "zustand";
import { pretend } from "./pretending";

// What is rendered outside of a browser shows the store as it is, not as it was at first.
vi.mock("zustand", async () => {
  const { createStore } = await import("zustand/vanilla");
  return {
    create: (begin: StateCreator<object>) => {
      const store = createStore(begin);
      return Object.assign((of: (state: object) => unknown) => of(store.getState()), store);
    },
  };
});

let store: typeof import("../src/state/store");
let App: typeof import("../src/ui/App").App;

beforeEach(async () => {
  vi.resetModules();
  pretend("us");
  store = await import("../src/state/store");
  ({ App } = await import("../src/ui/App"));
});

test("whoever leaves is told so, where screen readers find and say it", () => {
  store.clear("leaving");
  const shown = renderToStaticMarkup(createElement(App));

  expect(shown).toMatch(/<main[^>]*><p role="status">Logging out…<\/p><\/main>/);
  expect(shown).not.toContain("One moment…");
});

test("a page that begins says that it takes a moment", () => {
  expect(renderToStaticMarkup(createElement(App))).toContain("One moment…");
});
