/** Whatever is asked now about a message or somebody. */

import type { Asked } from "../state/store";
import { set } from "../state/store";
import { Details } from "./Details";
import { Forward } from "./Forward";
import { later } from "./later";
import { Report } from "./Report";

/** Seldom asked, and heavy with names. */
const Reacting = later(() => import("./Reacting"));

export default function AskedDialog({ asked }: { asked: Asked }) {
  const close = () => set({ asked: null });
  if (asked.kind === "forward") return <Forward message={asked.message} onClose={close} />;
  if (asked.kind === "details") return <Details message={asked.message} onClose={close} />;
  if (asked.kind === "react") return <Reacting message={asked.message} onClose={close} />;
  return <Report userId={asked.userId} message={asked.message} onClose={close} />;
}
