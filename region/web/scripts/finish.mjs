// Ends a build: writes the service worker, makes the compressed forms that gateways serve, and refuses what is heavier than the first load may be.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
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
const kept = built.filter((name) => name !== "index.html" && name !== "sw.js" && !name.startsWith(".vite")).sort();
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

// A first load is the page's own script and the first view: for whoever is new, and for whoever is logged in.
const manifest = JSON.parse(readFileSync(join(PLACE, ".vite", "manifest.json"), "utf8"));

/** Everything that a source needs before it can run. */
function needed(name, found = new Set()) {
  const { file, imports = [] } = manifest[name];
  if (found.has(file)) return found;
  found.add(file);
  for (const each of imports) needed(each, found);
  return found;
}

for (const view of ["src/ui/Welcome.tsx", "src/ui/Shell.tsx"]) {
  const scripts = [...needed(view, needed("index.html"))];
  const first = scripts.reduce((sum, file) => sum + sizes.get(join(PLACE, file)), 0);
  console.log(`first load of ${view}: ${first} bytes of JavaScript gzipped, of ${BUDGET}; ${scripts.length} files`);
  if (!(first <= BUDGET)) {
    console.error(
      `It is over its budget: ${scripts.map((file) => `${file} ${sizes.get(join(PLACE, file))}`).join(", ")}`,
    );
    process.exitCode = 1;
  }
}
rmSync(join(PLACE, ".vite"), { recursive: true });
