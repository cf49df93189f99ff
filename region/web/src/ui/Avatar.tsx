/** A round sign for somebody or something: initials on a colour that follows from the id. */

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

export function Avatar({ id, name, kind = "direct" }: { id: string; name: string; kind?: string }) {
  return (
    <span className={`avatar avatar-${colourOf(id)}`} aria-hidden="true">
      {kind === "group" || kind === "channel" ? <Icon name={kind} /> : initials(name)}
    </span>
  );
}
