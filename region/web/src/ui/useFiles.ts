/** The files that go with the next message: picked, pasted, or dropped anywhere on the conversation. */

import { type ClipboardEvent, type RefObject, useEffect } from "react";
import { attachmentsOf, type Upload } from "../core/uploads";
import { notify, set, useStore } from "../state/store";
import { t } from "../words";

const NONE: readonly Upload[] = [];

export function useFiles(id: string, place: RefObject<HTMLElement | null>) {
  const chosen = useStore((state) => state.files[id] ?? NONE);

  useEffect(() => {
    const area = place.current?.closest<HTMLElement>(".talk");
    if (!area) return;
    const onOver = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    };
    const onDrop = (event: DragEvent) => {
      if (!event.dataTransfer?.files.length) return;
      event.preventDefault();
      add(id, event.dataTransfer.files);
    };
    area.addEventListener("dragover", onOver);
    area.addEventListener("drop", onDrop);
    return () => {
      area.removeEventListener("dragover", onOver);
      area.removeEventListener("drop", onDrop);
    };
  }, [id, place]);

  return {
    chosen,
    /** In the order in which they were chosen; null while one is not there yet. */
    attachments: attachmentsOf(chosen),
    add: (files: Iterable<File>) => add(id, files),
    onPaste: (event: ClipboardEvent) => {
      if (event.clipboardData.files.length === 0) return;
      event.preventDefault();
      add(id, event.clipboardData.files);
    },
    /** Take them off the screen, for a message; return what puts them back, and what ends their being kept for one. */
    hand: () => {
      const show = (files: readonly Upload[]) => set((state) => ({ files: { ...state.files, [id]: files } }));
      show([]);
      return {
        putBack: () => set((state) => ({ files: { ...state.files, [id]: [...chosen, ...(state.files[id] ?? [])] } })),
        forget: () => chosen.length > 0 && uploads().then(({ forget }) => forget(chosen.map(({ key }) => key))),
      };
    },
  };
}

const uploads = () => import("../state/uploads");

function add(id: string, files: Iterable<File>): void {
  const all = [...files]; // the picker's own list is emptied before that part is here
  uploads().then(
    ({ choose }) => choose(id, all),
    () => notify(t("app.part-missing")),
  );
}
