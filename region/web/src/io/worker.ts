/** Has the browser keep the app itself, so that it opens without a network. */

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

const WORKER = "/web/sw.js";

/** Where it cannot be kept (no secure context, or built for development), the app works as well while there is a network. */
export function keepApp(): void {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const rules = { createScriptURL: (url: string) => (url === WORKER ? url : "") };
  const url =
    trustedTypes === undefined ? WORKER : trustedTypes.createPolicy("causeway", rules).createScriptURL(WORKER);
  const register = () => {
    void navigator.serviceWorker.register(url, { scope: "/web/" }).catch(() => {});
  };
  if (document.readyState === "complete") register();
  else addEventListener("load", register);
}
