import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

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
        // Few files that compress well: what others made changes seldom, and what all views need is needed at once.
        codeSplitting: {
          groups: [
            { name: "libraries", test: /node_modules\/(?!react-virtuoso)/ },
            {
              name: "base",
              test: /src\/(core|io|state|words\/(en|index)|ui\/(Avatar|Icon|Field|names|times|useAttempt))/,
            },
          ],
        },
      },
    },
  },
  test: { environment: "node", include: ["tests/**/*.test.ts"] },
});
