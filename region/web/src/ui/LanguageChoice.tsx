/** Which language the app speaks. */

import { choose, LANGUAGES, type Language, language } from "../words";

export function LanguageChoice() {
  return (
    <p className="languages">
      {(Object.keys(LANGUAGES) as Language[]).map((name) => (
        <button
          key={name}
          type="button"
          className="plain"
          lang={name}
          aria-pressed={name === language}
          onClick={() => choose(name)}
        >
          {LANGUAGES[name]}
        </button>
      ))}
    </p>
  );
}
