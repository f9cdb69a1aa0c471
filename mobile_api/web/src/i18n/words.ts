// The words of one room: `const t = words(ja, en)` in its words.ts. Japanese is the measure; the compiler checks that English has the same
// keys, and i18n.test.ts that both have the same placeholders. A large room has files by topic, which know the room's words too: words(ja, en, room).
import { English, type Dictionary } from './english.svelte';
import { language } from './language.svelte';

// {name}; not {漢字|かんじ}, which is a reading (scan/ruby.ts).
type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? (Name extends `${string}|${string}` ? never : Name) | Placeholders<Rest>
  : never;
type Parameters<Text extends string> = [Placeholders<Text>] extends [never] ? [] : [values: Record<Placeholders<Text>, string | number>];

export interface Words<J> {
  /** 'key', {placeholder} in the current language. */
  <K extends keyof J & string>(key: K, ...values: J[K] extends string ? Parameters<J[K]> : []): string;
  dictionaries: Record<'ja' | 'en', Record<string, string>>;
}

export function words<const J extends Record<string, string>, R = unknown>(ja: J, en: Record<keyof J, string>, room?: Words<R>): Words<J & R> {
  // In the built app `en` is how to load it.
  const later = typeof en === 'function' ? new English(en as unknown as () => Promise<Dictionary>) : undefined;
  const english = (): Dictionary => (later ? (later.words ?? ja) : en);
  const t = (key: string, ...[values]: [Record<string, string | number>?]) => {
    const dictionary: Dictionary = language.current === 'ja' ? ja : english();
    // An enum value that this version does not know yet has no text: its name is better than nothing.
    const text = dictionary[key] ?? (room as ((key: string) => string) | undefined)?.(key) ?? key;
    return values ? text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name])) : text;
  };
  const dictionaries = {
    ja,
    get en() {
      return english();
    },
  };
  return Object.assign(t, { dictionaries }) as Words<J & R>;
}
