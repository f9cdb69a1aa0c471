// Which language the screens speak: chosen with the switch in the header (remembered on this device), else the person's own
// (Session.locale), else the browser's; Japanese if all are silent.
export type Language = 'ja' | 'en';

const KEY = 'kubari.language';

class CurrentLanguage {
  current = $state<Language>(stored() ?? (navigator.language.startsWith('ja') || !navigator.language ? 'ja' : 'en'));

  /** The person's own language; a choice made on this device goes first. */
  suggest(locale: string): void {
    if (!stored() && isLanguage(locale)) this.set(locale);
  }

  choose(language: Language): void {
    try {
      localStorage.setItem(KEY, language);
    } catch {
      // Private windows may refuse; the choice then holds until the page is closed.
    }
    this.set(language);
  }

  /** What must be here before a language is spoken; undefined: nothing. Set by english.svelte.ts. */
  prepare?: (language: Language) => Promise<unknown> | undefined;
  #wanted?: Language;

  set(language: Language): void {
    this.#wanted = language;
    const prepared = this.prepare?.(language);
    if (!prepared) return this.#speak(language);
    void prepared.then(() => this.#wanted === language && this.#speak(language));
  }

  #speak(language: Language): void {
    this.current = language;
    document.documentElement.lang = language;
  }
}

function isLanguage(text: unknown): text is Language {
  return text === 'ja' || text === 'en';
}

function stored(): Language | undefined {
  try {
    const text = localStorage.getItem(KEY);
    return isLanguage(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

export const language = new CurrentLanguage();
language.set(language.current);
