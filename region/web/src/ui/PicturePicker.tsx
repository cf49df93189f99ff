/** What opens the device's own choice of an image, pressed by a button beside it. */

import type { RefObject } from "react";

const KINDS = "image/jpeg,image/png,image/webp,image/gif";

interface Props {
  picker: RefObject<HTMLInputElement | null>;
  label?: string;
  onFile: (file: File) => void;
}

export function PicturePicker({ picker, label, onFile }: Props) {
  return (
    <input
      ref={picker}
      type="file"
      accept={KINDS}
      aria-label={label}
      hidden
      onChange={(event) => {
        const file = event.target.files?.[0];
        event.target.value = "";
        if (file) onFile(file);
      }}
    />
  );
}
