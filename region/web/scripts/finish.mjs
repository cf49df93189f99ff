// Ends a build: writes the service worker, makes the compressed forms that gateways serve, and refuses what is heavier than the first load may be.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const PLACE = "dist";
const BUDGET = 120_000; // bytes of JavaScript that a first load may take, gzipped
const COMPRESSED = /\.(js|css|html|svg|json|webmanifest)$/;

function* files(directory) {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else yield path;
  }
}

const built = [...files(PLACE)].map((path) => path.slice(PLACE.length + 1)).filter((name) => !/\.(br|gz)$/.test(name));
const kept = built.filter((name) => name !== "index.html" && name !== "sw.js").sort();
const version = createHash("sha256")
  .update(kept.join())
  .update(readFileSync(join(PLACE, "index.html")));
const worker = readFileSync("scripts/worker.js", "utf8")
  .replace("__VERSION__", version.digest("hex").slice(0, 16))
  .replace("/* __FILES__ */", kept.map((name) => JSON.stringify(`/web/${name}`)).join(", "));
writeFileSync(join(PLACE, "sw.js"), worker);

const sizes = new Map();
for (const path of [...files(PLACE)].filter((path) => COMPRESSED.test(path))) {
  const plain = readFileSync(path);
  const gzipped = gzipSync(plain, { level: 9 });
  sizes.set(path, gzipped.length);
  writeFileSync(`${path}.gz`, gzipped);
  const options = {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
  };
  writeFileSync(`${path}.br`, brotliCompressSync(plain, options));
}

// The first load is what the page itself names: its module and what that imports at once.
const page = readFileSync(join(PLACE, "index.html"), "utf8");
const named = [...page.matchAll(/(?:src|href)="\/web\/(assets\/[^"]+\.js)"/g)].map((found) => join(PLACE, found[1]));
const first = named.reduce((sum, path) => sum + sizes.get(path), 0);
console.log(`first load: ${first} bytes of JavaScript gzipped, of ${BUDGET}; ${named.length} files`);
if (named.length === 0 || first > BUDGET) {
  console.error(`The first load is over its budget: ${named.map((path) => `${path} ${sizes.get(path)}`).join(", ")}`);
  process.exit(1);
}
