/** Keeps the rest of the app when a part of it cannot be loaded or shown: says so in its place, and lets one try again. */

import { Component, type ReactNode } from "react";
import { t } from "../words";

export class Guard extends Component<{ children: ReactNode; place?: string }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    // A part that could not be loaded is not asked for again until the page is; drafts and outbox outlive that.
    return (
      <div className={`nothing ${this.props.place ?? ""}`} role="alert">
        <p>{t("app.part-missing")}</p>
        <button type="button" className="button" onClick={() => location.reload()}>
          {t("talk.again")}
        </button>
      </div>
    );
  }
}
