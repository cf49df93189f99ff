/** The catalogue of what the app says, in the reader's language; a language is a file with the same keys as `en`. */

import { en, type Key, type Plural, type Variant, type Words } from "./en";
import type { MoreKey, MoreWords } from "./more.en";

export type Language = "en" | "ru";
export const LANGUAGES: Readonly<Record<Language, string>> = { en: "English", ru: "Русский" };

const DIRECTIONS: Readonly<Record<Language, "ltr" | "rtl">> = { en: "ltr", ru: "ltr" };

const KEPT = "causeway.language";
const LOADERS: Readonly<Record<Exclude<Language, "en">, () => Promise<{ words: Words }>>> = {
  ru: () => import("./ru").then(({ ru }) => ({ words: ru })),
};

const MORE: Readonly<Record<Language, () => Promise<{ more: MoreWords }>>> = {
  en: () => import("./more.en"),
  ru: () => import("./more.ru"),
};

let words: Readonly<Record<string, string | Plural>> = en;
let plurals = new Intl.PluralRules("en");
export let language: Language = "en";

/** Whether the page runs from right to left. */
export function isRightToLeft(): boolean {
  return DIRECTIONS[language] === "rtl";
}

function isLanguage(name: string | null | undefined): name is Language {
  return name !== null && name !== undefined && name in LANGUAGES;
}

/** Take up the language that was chosen, or else the browser's. */
export async function begin(): Promise<void> {
  const chosen = localStorage.getItem(KEPT);
  const wanted = [chosen, ...navigator.languages.map((tag) => tag.split("-")[0])].find(isLanguage);
  if (wanted === undefined || wanted === "en") return;
  words = (await LOADERS[wanted]()).words;
  language = wanted;
  plurals = new Intl.PluralRules(wanted);
  document.documentElement.lang = wanted;
  document.documentElement.dir = DIRECTIONS[wanted];
}

/** Bring what is opened seldom, together with its words. */
export async function withMore<T>(part: Promise<T>): Promise<T> {
  const [loaded, { more }] = await Promise.all([part, MORE[language]()]);
  words = { ...words, ...more };
  return loaded;
}

/** The reader's own variety of the language, which decides how times look. */
export function locale(): string {
  return navigator.languages.find((tag) => tag.split("-")[0] === language) ?? language;
}

/** Choose a language; the page is loaded anew in it, and loses nothing by that. */
export function choose(wanted: Language): void {
  localStorage.setItem(KEPT, wanted);
  location.reload();
}

/**
 * Say something.
 *
 * @param given What stands in the braces; `n` chooses among plural forms.
 */
export function t(key: Key | MoreKey, given: Readonly<Record<string, string | number>> = {}): string {
  const word = words[key] ?? key;
  const text = typeof word === "string" ? word : (word[plurals.select(Number(given.n ?? 0))] ?? word.other);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in given ? String(given[name]) : whole));
}

/** Say it in the first of these variants that the language has; whether something can be said at all is asked with `says`. */
export function inVariant(key: Key, variants: readonly Variant[], given: Parameters<typeof t>[1]): string {
  const found = variants.map((variant) => `${key}.${variant}`).find(says);
  return t((found ?? key) as Key, given);
}

export function says(key: string): key is Key {
  return key in words;
}

/** Say what an error means, by its code if the catalogue has it, else in the region's own words. */
export function problem(code: string, detail: string): string {
  const key = `problem.${code}`;
  return says(key) ? t(key, { detail }) : detail || t("problem.network");
}
