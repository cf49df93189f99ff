import react from "@vitejs/plugin-react";
import type { Rolldown } from "vite";
import { defineConfig } from "vitest/config";

type Build = { getModuleInfo: Rolldown.GetModuleInfo };

/** What something cannot run without: what it imports, and what that imports; not what is loaded when it is needed. */
function needs(by: string, build: Build, found = new Set<string>()): Set<string> {
  for (const each of build.getModuleInfo(by)?.importedIds ?? [])
    if (!found.has(each)) needs(each, build, found.add(each));
  return found;
}

const source = (name: string) => `${import.meta.dirname}/src/${name}`;

// The app lives below /web/ of every region; nothing is inlined, since pages allow no inline script or style.
export default defineConfig({
  base: "/web/",
  plugins: [react()],
  build: {
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    rolldownOptions: {
      output: {
        // Few files that compress well: what others made changes seldom; then what everybody needs, and what whoever is logged in needs besides.
        codeSplitting: {
          groups: [
            { name: "libraries", test: /node_modules\/(?!react-virtuoso)/ },
            {
              debugName: "first",
              name: (id, build) =>
                needs(source("main.tsx"), build).has(id)
                  ? "base"
                  : needs(source("ui/Shell.tsx"), build).has(id)
                    ? "inside"
                    : null,
            },
          ],
        },
      },
    },
  },
  // However busy the machine is: what waits, waits for something that happens.
  test: { environment: "node", include: ["tests/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000 },
});
