/** The text of a message: never HTML; addresses of the web are links that tell their target nothing, members who are named lead to them. */

import { Link } from "wouter";
import { type Mention, pieces } from "../core/pieces";
import { useStore } from "../state/store";

export function Text({ text, mentions }: { text: string; mentions?: readonly Mention[] | undefined }) {
  const me = useStore((state) => state.me?.user_id);
  if (text === "") return null;
  return (
    <p className="text" dir="auto">
      {pieces(text, mentions).map((piece) => {
        if (piece.kind === "address") {
          return (
            <a key={piece.at} href={piece.text} target="_blank" rel="noopener noreferrer nofollow">
              {piece.text}
            </a>
          );
        }
        if (piece.kind !== "mention") return piece.text;
        if (piece.userId === me) return <mark key={piece.at}>{piece.text}</mark>;
        return (
          <Link key={piece.at} className="mention" href={`/with/${piece.userId}`}>
            {piece.text}
          </Link>
        );
      })}
    </p>
  );
}
