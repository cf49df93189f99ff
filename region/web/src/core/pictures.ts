/** How large an image may be that stands for somebody. Pure. */

const SIDE = 1_280;
const PLAIN_BYTES = 1_500_000;

/**
 * Return the size to which an image is to be drawn anew before it is brought; null if it goes as it is.
 *
 * @param width Of the image, as `height`, in pixels.
 * @param bytes Of its file.
 */
export function drawnSize(width: number, height: number, bytes: number): { width: number; height: number } | null {
  const scale = Math.min(1, SIDE / Math.max(width, height, 1));
  if (scale === 1 && bytes <= PLAIN_BYTES) return null;
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
