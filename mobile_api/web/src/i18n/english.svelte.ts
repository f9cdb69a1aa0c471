// English words, where the built app keeps them apart (build/english.ts): loaded with the rooms that are shown, once English is spoken.
// Until they are here, and if they cannot be had, Japanese stands.
import { language } from './language.svelte';

export type Dictionary = Record<string, string>;

const all = new Set<English>();

export class English {
  words = $state.raw<Dictionary>();
  #fetch: () => Promise<Dictionary>;
  #asked?: Promise<void>;

  constructor(fetch: () => Promise<Dictionary>) {
    this.#fetch = fetch;
    all.add(this);
  }

  load(): Promise<void> {
    this.#asked ??= this.#fetch().then(
      (words) => void (this.words = words),
      // Without signal; the next page asks again.
      () => (this.#asked = undefined),
    );
    return this.#asked;
  }
}

/** All words of the rooms that are loaded; undefined if they are here, or not wanted. */
function missing(): Promise<unknown> | undefined {
  const wanted = [...all].filter((one) => one.words === undefined);
  return wanted.length > 0 ? Promise.all(wanted.map((one) => one.load())) : undefined;
}

language.prepare = (wanted) => (wanted === 'en' ? missing() : undefined);

/** The same module, once its words can be read. */
export async function readable<T>(module: Promise<T>): Promise<T> {
  const loaded = await module;
  if (language.current === 'en') await missing();
  return loaded;
}
