/** The files that were chosen for the next message: picked, pasted, or dropped anywhere on the conversation. */

import { type ClipboardEvent, type RefObject, useEffect, useState } from "react";
import type { Attachment } from "../core/types";
import { newName } from "../state/store";
import type { Chosen } from "./Tray";

const MOST = 10;

export function useFiles(place: RefObject<HTMLElement | null>) {
  const [chosen, setChosen] = useState<readonly Chosen[]>([]);
  const [ready, setReady] = useState<Readonly<Record<string, Attachment>>>({});

  const add = (files: Iterable<File>) =>
    setChosen((before) => [...before, ...[...files].map((file) => ({ key: newName(), file }))].slice(0, MOST));

  useEffect(() => {
    const area = place.current?.closest<HTMLElement>(".talk");
    if (!area) return;
    const onOver = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    };
    const onDrop = (event: DragEvent) => {
      if (!event.dataTransfer?.files.length) return;
      event.preventDefault();
      const files = [...event.dataTransfer.files].map((file) => ({ key: newName(), file }));
      setChosen((before) => [...before, ...files].slice(0, MOST));
    };
    area.addEventListener("dragover", onOver);
    area.addEventListener("drop", onDrop);
    return () => {
      area.removeEventListener("dragover", onOver);
      area.removeEventListener("drop", onDrop);
    };
  }, [place]);

  return {
    chosen,
    /** In the order in which they were chosen; null while one is not there yet. */
    attachments: chosen.every(({ key }) => key in ready) ? chosen.flatMap(({ key }) => ready[key] ?? []) : null,
    add,
    onPaste: (event: ClipboardEvent) => {
      if (event.clipboardData.files.length === 0) return;
      event.preventDefault();
      add(event.clipboardData.files);
    },
    onReady: (key: string, attachment: Attachment) => setReady((before) => ({ ...before, [key]: attachment })),
    remove: (key: string) => setChosen((before) => before.filter((each) => each.key !== key)),
    /** Return what puts them back. */
    clear: () => {
      setChosen([]);
      return () => setChosen((since) => [...chosen, ...since].slice(0, MOST));
    },
  };
}
