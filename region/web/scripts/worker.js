// Keeps the app itself in the browser, so that it opens without a network; the API is none of its business, and never kept here.
// `finish.mjs` puts in the names of what was built, and a version that follows from them.

const VERSION = "__VERSION__";
const FILES = [
  /* __FILES__ */
];
const PAGE = "/web/";
const PATIENCE_MS = 3_000;
// Gateways say that answers vary by origin; scripts are asked for with one, were kept without, and are the same.
const KEPT = { cacheName: VERSION, ignoreVary: true };

addEventListener("install", (event) => {
  event.waitUntil(caches.open(VERSION).then((cache) => cache.addAll([PAGE, ...FILES])));
});

// The one before keeps what its pages still load, until the last of them is closed.
addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => name !== VERSION);
  const clear = async () => Promise.all(old(await caches.keys()).map((name) => caches.delete(name)));
  // The page of a first visit is served from here as well, without being loaded again.
  event.waitUntil(clear().then(() => clients.claim()));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || !pathname.startsWith(PAGE)) return;
  if (request.mode === "navigate") event.respondWith(newest(event));
  else event.respondWith(caches.match(request, KEPT).then((kept) => kept ?? fetch(request)));
});

/** The page as the region has it; the one that is here, if the region does not answer soon. */
async function newest(event) {
  const { request } = event;
  const kept = await caches.match(PAGE, KEPT);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.ok && isSame(answer, kept)) event.waitUntil(keep(answer.clone()));
    return answer.ok || kept === undefined ? answer : kept;
  } catch (error) {
    if (kept !== undefined) return kept;
    throw error;
  }
}

/** Whether it is the page of this version; what its policy lets it connect to may have changed since. One that lacks a region has no tag. */
function isSame(answer, kept) {
  const tag = answer.headers.get("etag");
  return tag !== null && tag === kept?.headers.get("etag");
}

async function keep(answer) {
  const cache = await caches.open(VERSION);
  await cache.put(PAGE, answer).catch(() => {});
}

addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data));
});

/** Show the conversation that a notice was about, in a page that is open or in a new one. */
async function show(path) {
  const [page] = await clients.matchAll({ type: "window" });
  if (page === undefined) return clients.openWindow(path);
  await page.focus();
  return page.navigate(path);
}
