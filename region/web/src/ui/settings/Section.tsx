/** A part of the settings, under a heading by which it is found; and how something was tried is told in one place. */

import { type ReactNode, useId } from "react";

export function Section({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  const id = useId();
  return (
    <section className="section" aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      {hint !== undefined && <p className="hint">{hint}</p>}
      {children}
    </section>
  );
}

/** What came of it: that it went wrong, or a word that it is done; read out when it changes. */
export function Outcome({ wrong, done = null }: { wrong: string | null; done?: string | null }) {
  return (
    <div className="outcome" aria-live="polite">
      {wrong !== null && <p className="warning">{wrong}</p>}
      {wrong === null && done !== null && <p className="hint">{done}</p>}
    </div>
  );
}
