/** The whole: who is not logged in is welcomed, everybody else sees the list and what is open beside it. */

import { useEffect } from "react";
import { Router } from "wouter";
import { useStore } from "../state/store";
import { t } from "../words";
import { Shell } from "./Shell";
import { Welcome } from "./Welcome";

export function App() {
  const phase = useStore((state) => state.phase);
  return (
    <Router base="/web">
      {phase === "starting" && <p className="starting">{t("app.loading")}</p>}
      {phase === "out" && <Welcome />}
      {phase === "in" && <Shell />}
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
