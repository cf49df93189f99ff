/** A sentence about somebody, whose name keeps its own direction in it. */

import { t } from "../words";

export function Told({ word, name }: { word: "talk.types" | "message.forwarded"; name: string }) {
  const [before, after] = t(word).split("{name}");
  return (
    <>
      {before}
      <bdi>{name}</bdi>
      {after}
    </>
  );
}
