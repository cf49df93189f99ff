/** Parts that come when they are needed, with their words: one that cannot be brought, without a network, is not shown, and takes nothing else away. */

import { type ComponentType, type LazyExoticComponent, lazy } from "react";
import { withMore } from "../words";

export function later<Props>(
  load: () => Promise<{ default: ComponentType<Props> }>,
): LazyExoticComponent<ComponentType<Props>> {
  return lazy(() => withMore(load()).catch(() => ({ default: (): null => null })));
}
