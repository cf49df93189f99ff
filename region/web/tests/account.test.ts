/** Coming and going: what keeps somebody from coming in is said as what it is; whoever leaves leaves at once. */

import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, test, vi } from "vitest";
import { type PretendedRegion, pretend } from "./pretending";

const TOKENS = {
  user_id: "u1-us",
  handle: "ada",
  home_region: "us",
  device_id: "v1",
  access_token: "a",
  expires_in: 900,
};

let account: typeof import("../src/state/account");
let store: typeof import("../src/state/store");
let answers: PretendedRegion["answers"];
let reloaded: () => void;

/** Load the page in a browser that opens no database but those that are called so. */
async function load(opens: (name: string) => boolean): Promise<void> {
  vi.resetModules();
  const factory = new IDBFactory();
  const open = factory.open.bind(factory);
  vi.spyOn(factory, "open").mockImplementation((name, version) => {
    if (!opens(name)) throw new DOMException("A mutation operation was attempted", "InvalidStateError");
    return open(name, version);
  });
  vi.stubGlobal("indexedDB", factory);
  ({ answers } = pretend("us"));
  reloaded = vi.fn();
  vi.stubGlobal("location", { origin: "https://us.example.org", replace: reloaded });
  account = await import("../src/state/account");
  store = await import("../src/state/store");
}

/** Be a window with a socket to a region; return what happens to that. */
function pretendWindow(): string[] {
  const happened: string[] = [];
  vi.stubGlobal("addEventListener", () => {});
  vi.stubGlobal("removeEventListener", () => {});
  vi.stubGlobal("document", { visibilityState: "visible", addEventListener: () => {}, removeEventListener: () => {} });
  vi.stubGlobal(
    "WebSocket",
    class {
      constructor() {
        happened.push("connects");
      }
      close() {
        happened.push("closes");
      }
    },
  );
  return happened;
}

const seen = () => [store.get().phase, store.get().stuck];
const STUCK = ["stuck", { kind: "storage", reason: "InvalidStateError: A mutation operation was attempted" }];

beforeEach(() => load(() => false));

test("a page that finds nothing kept in a browser which keeps things welcomes whoever it is", async () => {
  await load(() => true);
  await account.start();

  expect(seen()).toEqual(["out", null]);
});

test("where no database can be opened, that is what is seen", async () => {
  await account.start();

  expect(seen()).toEqual(STUCK);
});

test.each([
  ["the session", (name: string) => name !== "causeway"],
  ["what belongs to the account", (name: string) => name === "causeway"],
])("so it is for who logs in where %s cannot be kept", async (_, opens) => {
  await load(opens);
  answers["/login"] = () => TOKENS;
  await account.logIn("ada", "correct horse");

  expect(seen()).toEqual(STUCK);
});

test("what the region says is for who wants in, and the way in stays", async () => {
  await load(() => true);
  await account.start();
  answers["/login"] = () => ({ status: 401, code: "wrong-credentials" });

  await expect(account.logIn("ada", "wrong")).rejects.toMatchObject({ code: "wrong-credentials" });
  expect(seen()).toEqual(["out", null]);
});

test("where nobody answers, whoever wants in is told so, and the way in stays", async () => {
  await load(() => true);
  await account.start();

  await expect(account.logIn("ada", "correct horse")).rejects.toMatchObject({ code: "network" });
  expect(seen()).toEqual(["out", null]);
});

test("a part of the app that cannot be brought is the network's fault, and the app's own fault is called so", async () => {
  await load(() => true);
  const history = await import("../src/state/history");
  const { seal } = await import("../src/io/vault");
  await seal({ tokens: TOKENS, expiresAt: Date.now() + 900_000 } as Parameters<typeof seal>[0]);
  const loading = vi.spyOn(history, "loadKept");

  loading.mockRejectedValueOnce(
    new TypeError("Failed to fetch dynamically imported module: https://us.example.org/a.js"),
  );
  await account.start();
  expect(seen()).toEqual(["stuck", { kind: "network", reason: expect.stringContaining("Failed to fetch") }]);

  loading.mockRejectedValueOnce(new TypeError("x is undefined"));
  await account.start();
  expect(seen()).toEqual(["stuck", { kind: "app", reason: "TypeError: x is undefined" }]);
});

test("whoever logs out is cut off before the region is told, and the page is loaded anew when all is thrown away", async () => {
  await load(() => true);
  const happened = pretendWindow();
  await account.start();
  answers["/login"] = () => ({ ...TOKENS, device_id: "v9" }); // the pages of other tests hear what is told of theirs
  answers["/logout"] = () => {
    happened.push(store.get().phase);
    return {};
  };
  await account.logIn("ada", "correct horse");
  await vi.waitFor(() => expect(happened).toEqual(["connects"]), { timeout: 30_000 });
  const phases: string[] = [];
  store.useStore.subscribe(({ phase }, before) => phase !== before.phase && phases.push(phase));
  await account.logOut();

  expect(happened).toEqual(["connects", "closes", "leaving"]);
  expect(phases).toEqual(["leaving"]);
  expect(reloaded).toHaveBeenCalledOnce(); // whoever comes next does so in a page that is loaded anew
  const { write } = await import("../src/state/outgoing");
  const late = { conversationId: "d1-us", recipientId: null, text: "late", replyTo: null, attachments: [] };
  await expect(write(late)).rejects.toThrow("has left");
  expect((await indexedDB.databases()).map(({ name }) => name)).toEqual(["causeway"]);
});

test("notices that still stand are taken away with whom they were for", async () => {
  await load(() => true);
  pretendWindow();
  const close = vi.fn();
  const getRegistration = async () => ({ getNotifications: async () => [{ close }, { close }] });
  vi.stubGlobal("navigator", { onLine: true, serviceWorker: { getRegistration } });
  await account.start();
  answers["/login"] = () => ({ ...TOKENS, device_id: "v10" });
  await account.logIn("ada", "correct horse");
  expect(close).not.toHaveBeenCalled();
  await account.logOut();

  expect(close).toHaveBeenCalled();
});
