/** Emoji that are chosen: found by words, walked through by arrows, put into a text. Pure. */

export interface Named {
  emoji: string;
  /** The names by which it is found, in every language: a name, and behind a semicolon further words. */
  names: readonly string[];
}

/** Return what an emoji is called, without the words by which it is found as well. */
export function called(name: string): string {
  return name.split(";")[0] ?? name;
}

/** Return those of whose names, in whichever language, each word of a query begins a word; all, if there is none. Of which it is itself is found, too. */
export function found<Each extends Named>(all: readonly Each[], query: string): readonly Each[] {
  const wanted = wordsOf(query);
  if (wanted.length === 0) return query.trim() === "" ? all : all.filter(({ emoji }) => query.includes(emoji));
  return all.filter(({ names }) => {
    const words = names.flatMap(wordsOf);
    return wanted.every((each) => words.some((word) => word.startsWith(each)));
  });
}

/** Without case, accents and points, as one types them or not. */
function wordsOf(text: string): string[] {
  const plain = text.toLocaleLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
  return plain.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
}

export interface Place {
  left: number;
  top: number;
}

/**
 * Return where a key leads to from a place among others that stand in rows: across by arrows as the text runs, up and down to what is
 * nearest there, to the ends by Home and End; null for any other key, and beyond the first row.
 */
export function placeBy(key: string, places: readonly Place[], from: number, rightToLeft: boolean): number | null {
  const last = places.length - 1;
  const here = places[from];
  if (here === undefined) return null;
  if (key === "Home") return 0;
  if (key === "End") return last;
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const by = (key === "ArrowRight") !== rightToLeft ? 1 : -1;
    return Math.max(0, Math.min(last, from + by));
  }
  if (key !== "ArrowDown" && key !== "ArrowUp") return null;
  const sign = key === "ArrowDown" ? 1 : -1;
  const beyond = places.map(({ top }) => (top - here.top) * sign).filter((by) => by > 0);
  if (beyond.length === 0) return sign === 1 ? from : null;
  const row = here.top + Math.min(...beyond) * sign;
  const inRow = places.map(({ left, top }, at) => ({ at, far: top === row ? Math.abs(left - here.left) : Infinity }));
  return inRow.reduce((best, each) => (each.far < best.far ? each : best)).at;
}

/** Return a text with something in place of what is selected, and where the caret stands behind it. */
export function inserted(text: string, begin: number, end: number, what: string): { text: string; caret: number } {
  return { text: text.slice(0, begin) + what + text.slice(end), caret: begin + what.length };
}
