/** A round sign for somebody or something: its picture, or initials on a colour that follows from the id; and whether a friend is there. */

import { useState } from "react";
import type { Picture } from "../core/types";
import { useImage } from "../state/blobs";
import { useStore } from "../state/store";
import { Icon } from "./Icon";

const COLOURS = 8;

function colourOf(id: string): number {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return sum % COLOURS;
}

function initials(name: string): string {
  const words = name
    .trim()
    .split(/[\s._-]+/u)
    .filter(Boolean);
  const first = [...(words[0] ?? "")][0] ?? "";
  const second = words.length > 1 ? ([...(words.at(-1) ?? "")][0] ?? "") : "";
  return (first + second).toUpperCase();
}

interface Props {
  id: string;
  name: string;
  kind?: string;
  /** What stands for it, where that is known otherwise than by the list and by profiles. */
  picture?: Picture | null;
}

export function Avatar({ id, name, kind = "direct", picture = null }: Props) {
  const known = useStore((state) => picture ?? state.people[id]?.picture ?? state.inbox[id]?.picture ?? null);
  const presence = useStore((state) => state.presences[id]?.presence);
  return (
    <span className={`avatar avatar-${colourOf(id)}`} aria-hidden="true">
      {kind === "group" || kind === "channel" ? <Icon name={kind} /> : initials(name)}
      {known !== null && <Face key={known.blob_id} blobId={known.blob_id} />}
      {presence !== undefined && <i className="there" data-presence={presence} />}
    </span>
  );
}

/** The picture, above what stands there without one: until it is here, or if it cannot be had. */
function Face({ blobId }: { blobId: string }) {
  const url = useImage(blobId, "small");
  const [broken, setBroken] = useState(false);
  if (url === null || broken) return null;
  return <img src={url} alt="" onError={() => setBroken(true)} />;
}
