/** What stands in the place of an image until it is here: its colours, blurred; drawn, since the page's policy knows no other way. */

import { useEffect, useRef } from "react";
import { blurred } from "../core/blurhash";

const SIDE = 24; // pixels each way; the browser makes them large and soft

export function Blur({ hash }: { hash: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const pixels = blurred(hash, SIDE, SIDE);
    if (pixels !== null) canvas.current?.getContext("2d")?.putImageData(new ImageData(pixels, SIDE, SIDE), 0, 0);
  }, [hash]);
  return <canvas ref={canvas} width={SIDE} height={SIDE} />;
}
