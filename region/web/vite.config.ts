import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The app lives below /web/ of every region; nothing is inlined, since pages allow no inline script or style.
export default defineConfig({
  base: "/web/",
  plugins: [react()],
  build: { target: "es2023", assetsInlineLimit: 0, modulePreload: { polyfill: false }, cssCodeSplit: true },
  test: { environment: "node", include: ["tests/**/*.test.ts"] },
});
