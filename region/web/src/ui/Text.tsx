/** The text of a message: never HTML; what looks like an address of the web is a link that tells its target nothing. */

import type { ReactNode } from "react";

const ADDRESS = /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}'»”]/gu;

export function Text({ text }: { text: string }) {
  const parts: ReactNode[] = [];
  let done = 0;
  for (const found of text.matchAll(ADDRESS)) {
    parts.push(text.slice(done, found.index));
    parts.push(
      <a key={found.index} href={found[0]} target="_blank" rel="noopener noreferrer nofollow">
        {found[0]}
      </a>,
    );
    done = found.index + found[0].length;
  }
  parts.push(text.slice(done));
  if (text === "") return null;
  return (
    <p className="text" dir="auto">
      {parts}
    </p>
  );
}
