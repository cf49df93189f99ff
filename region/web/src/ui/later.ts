/** Parts that come when they are needed, with their words: of one that cannot be brought, without a network, that is said in its place; it is asked for again when it is needed next. */

import { type ComponentType, createElement, type ReactNode, use, useEffect, useState } from "react";
import { t, withMore } from "../words";

/**
 * Return a part that is brought when it is shown first.
 *
 * @param onMissing What to do besides when it cannot be brought.
 */
export function later<Props extends object>(
  load: () => Promise<{ default: ComponentType<Props> }>,
  onMissing = () => {},
): (props: Props) => ReactNode {
  let coming: Promise<ComponentType<Props>> | null = null;

  // biome-ignore lint/correctness/noComponentHookFactories: made once for each part, when its module is read
  function Missing() {
    useEffect(() => {
      coming = null; // only once this is shown: what waits for it would ask again and again otherwise
      onMissing();
    }, []);
    return createElement("p", { className: "warning", role: "alert" }, t("app.part-missing"));
  }

  // biome-ignore lint/correctness/noComponentHookFactories: made once for each part, when its module is read
  return function Part(props) {
    coming ??= withMore(load()).then(
      (brought) => brought.default,
      () => Missing,
    );
    const [mine] = useState(coming);
    return createElement(use(mine), props);
  };
}
