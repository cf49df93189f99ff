/** The whole: who is not logged in is welcomed, everybody else sees the list and what is open beside it. */

import { lazy, Suspense, useEffect } from "react";
import { Router } from "wouter";
import { useStore } from "../state/store";
import { t, withMore } from "../words";
import { Guard } from "./Guard";

const Stuck = lazy(() => withMore(import("./Stuck")));
const Shell = lazy(() => import("./Shell"));
const Welcome = lazy(() => import("./Welcome"));

export function App() {
  const phase = useStore((state) => state.phase);
  return (
    <Router base="/web">
      <Guard key={phase}>
        <Suspense fallback={<p className="starting">{t("app.loading")}</p>}>
          {phase === "starting" && <p className="starting">{t("app.loading")}</p>}
          {phase === "leaving" && (
            <main className="starting">
              <p role="status">{t("app.leaving")}</p>
            </main>
          )}
          {phase === "stuck" && <Stuck />}
          {phase === "out" && <Welcome />}
          {phase === "in" && <Shell />}
        </Suspense>
      </Guard>
      <Notice />
    </Router>
  );
}

const SHOWN_MS = 6_000;

function Notice() {
  const notice = useStore((state) => state.notice);
  useEffect(() => {
    if (notice === null) return;
    const timer = setTimeout(() => useStore.setState({ notice: null }), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [notice]);
  return (
    <div className="notice" role="status" data-shown={notice !== null}>
      {notice}
    </div>
  );
}
