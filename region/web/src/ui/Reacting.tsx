/** Reacting to a message with whichever emoji. */

import type { Message } from "../core/types";
import { react } from "../state/altering";
import { useStore } from "../state/store";
import { t } from "../words";
import { Dialog } from "./Dialog";
import EmojiPicker from "./EmojiPicker";

export default function Reacting({ message, onClose }: { message: Message; onClose: () => void }) {
  const me = useStore((state) => state.me?.user_id ?? "");
  function choose(emoji: string) {
    const mine = message.reactions?.find((each) => each.emoji === emoji)?.user_ids.includes(me) ?? false;
    onClose();
    void react(message, emoji, !mine);
  }
  return (
    <Dialog title={t("emoji.react")} onClose={onClose}>
      <EmojiPicker onChoose={choose} />
    </Dialog>
  );
}
