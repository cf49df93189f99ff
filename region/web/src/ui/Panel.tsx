/** A page beside the conversations: a title, the way back, and what it is about. */

import type { ReactNode } from "react";
import { Link } from "wouter";
import { t } from "../words";
import { Icon } from "./Icon";

export function Panel({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="panel">
      <header className="talk-head">
        <Link href="/" className="round" aria-label={t("common.back")}>
          <Icon name="back" />
        </Link>
        <h2>{title}</h2>
      </header>
      <div className="panel-body">{children}</div>
    </section>
  );
}
