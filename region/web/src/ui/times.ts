/** Times as people read them, in the language of the app. */

import { locale, t } from "../words";

const DAY_MS = 86_400_000;
const kinds: Record<string, Intl.DateTimeFormatOptions> = {
  clock: { hour: "2-digit", minute: "2-digit" },
  weekday: { weekday: "short" },
  short: { day: "numeric", month: "short" },
  dated: { day: "numeric", month: "short", year: "numeric" },
  day: { weekday: "long", day: "numeric", month: "long" },
  whole: { dateStyle: "full", timeStyle: "medium" },
};
const formats = new Map<string, Intl.DateTimeFormat>();

function format(kind: string, at: number): string {
  const found = formats.get(kind) ?? new Intl.DateTimeFormat(locale(), kinds[kind]);
  formats.set(kind, found);
  return found.format(at);
}

const midnight = (at: number): number => new Date(at).setHours(0, 0, 0, 0);

export const clock = (at: number): string => format("clock", at);
export const whole = (at: number): string => format("whole", at);
export const dated = (at: number): string => format("dated", at);

/** For a list: the time today, the weekday this week, else the date. */
export function brief(at: number): string {
  const days = Math.round((midnight(Date.now()) - midnight(at)) / DAY_MS);
  if (days <= 0) return clock(at);
  if (days === 1) return t("day.yesterday");
  return format(days < 7 ? "weekday" : new Date(at).getFullYear() === new Date().getFullYear() ? "short" : "dated", at);
}

export function dayOf(at: number): string {
  const days = Math.round((midnight(Date.now()) - midnight(at)) / DAY_MS);
  if (days === 0) return t("day.today");
  if (days === 1) return t("day.yesterday");
  return new Date(at).getFullYear() === new Date().getFullYear() ? format("day", at) : format("dated", at);
}
