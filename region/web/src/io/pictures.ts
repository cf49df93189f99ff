/** Brings images that stand for somebody, drawn anew where they are larger than that needs. */

import { drawnSize } from "../core/pictures";
import { bring } from "./upload";

const KIND = "image/jpeg";
const QUALITY = 0.88;
const GROUND = "white"; // JPEG has nothing transparent, and would make it black

/** Bring an image that is to stand for somebody; return the id of its blob. */
export async function bringPicture(file: File, progress: (share: number) => void = () => {}): Promise<string> {
  const bytes = await smallEnough(file);
  return (await bring({ name: bytes.name, bytes }, progress)).blob_id;
}

/** Return the file, or a smaller one of the same picture; what this browser cannot read goes as it is, for the region to judge. */
async function smallEnough(file: File): Promise<File> {
  const image = await createImageBitmap(file).catch(() => null);
  if (image === null) return file;
  const size = drawnSize(image.width, image.height, file.size);
  if (size === null) return file;
  const canvas = document.createElement("canvas");
  canvas.width = size.width;
  canvas.height = size.height;
  const brush = canvas.getContext("2d");
  if (brush !== null) {
    brush.fillStyle = GROUND;
    brush.fillRect(0, 0, size.width, size.height);
    brush.drawImage(image, 0, 0, size.width, size.height);
  }
  image.close();
  const drawn = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, KIND, QUALITY));
  return drawn === null ? file : new File([drawn], "picture.jpg", { type: KIND });
}
