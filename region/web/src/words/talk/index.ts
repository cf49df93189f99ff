/** What is said inside conversations, but not at first sight: it comes with the parts that say it, in the reader's language. */

import { type Language, language, said } from "../index";
import { en, type TalkKey, type TalkWords } from "./en";

const LOADERS: Readonly<Record<Exclude<Language, "en">, () => Promise<TalkWords>>> = {
  ru: async () => (await import("./ru")).ru,
};

const words = language === "en" ? en : await LOADERS[language]().catch(() => en);

/** Say something of this part of the catalogue. */
export function say(key: TalkKey, given: Readonly<Record<string, string | number>> = {}): string {
  return said(words[key], given);
}
