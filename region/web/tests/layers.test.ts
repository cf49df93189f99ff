/** How the sources hang together: what may import what, and how long a file may be. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";

const SOURCES = join(import.meta.dirname, "..", "src");
const BELOW: Readonly<Record<string, readonly string[]>> = {
  described: [],
  core: ["described"],
  words: [],
  io: ["core", "described"],
  state: ["core", "io", "words"],
  ui: ["core", "io", "state", "words"],
};
const MOST_LINES = 250;

const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(tsx?|css)$/.test(name) && !name.startsWith("described"))
  .map((name) => ({ name, layer: name.split("/")[0] ?? "", text: readFileSync(join(SOURCES, name), "utf8") }));

/** The paths of all that a source imports of this app: with names or without, now or when it is needed. */
function importedBy(text: string): string[] {
  return [...text.matchAll(/\b(?:from|import)\s*\(?\s*["'`](\.[^"'`]+)["'`]/g)].map(([, path]) => path ?? "");
}

test("however something is imported, it is noticed", () => {
  const text = `import { a } from "./a";
import type { B } from '../b';
import "./c.css";
export * from "./d";
const e = () => import("./e");
const f = await import(
  "../f"
);
import { useState } from "react";`;

  expect(importedBy(text)).toEqual(["./a", "../b", "./c.css", "./d", "./e", "../f"]);
});

/** All that a source needs before it can run, itself among it: what is imported when it is needed is not. */
function needed(name: string, found = new Set<string>()): Set<string> {
  const text = files.find((file) => file.name === name)?.text ?? "";
  found.add(name);
  for (const [, path = ""] of text.matchAll(/^(?:import|export) (?!type )(?:[^;]*? from )?"(\.[^"]+)";/gm)) {
    const bare = join(dirname(name), path);
    const file = [`${bare}.ts`, `${bare}.tsx`, `${bare}/index.ts`].find((each) => files.some((f) => f.name === each));
    if (file !== undefined && !found.has(file)) needed(file, found);
  }
  return found;
}

test("who is logged in sees the list without anything that only a conversation needs", () => {
  const first = needed("ui/Shell.tsx", needed("main.tsx"));

  expect([...first]).toEqual(expect.arrayContaining(["ui/Sidebar.tsx", "state/watching.ts", "words/en.ts"]));
  expect([...first].filter((name) => /Talk|Composer|History|Bubble|Tray|upload|more\.|settings\//.test(name))).toEqual(
    [],
  );
});

describe("every source", () => {
  test.each(files.filter(({ layer }) => layer in BELOW))("$name imports what is below it", ({ name, layer, text }) => {
    const imported = importedBy(text).map((path) => relative(SOURCES, join(SOURCES, dirname(name), path)).split("/"));
    const foreign = imported.map(([folder]) => folder).filter((folder) => folder !== layer);

    expect(foreign.filter((folder) => !BELOW[layer]?.includes(folder ?? ""))).toEqual([]);
  });

  test.each(files.filter(({ name }) => !name.includes("words/")))(
    "$name is short, and says what it is",
    ({ name, text }) => {
      if (!name.endsWith(".css")) expect(text.split("\n").length).toBeLessThanOrEqual(MOST_LINES);
      expect(text.startsWith("/*")).toBe(true);
    },
  );
});
