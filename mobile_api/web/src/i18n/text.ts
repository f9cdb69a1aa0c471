// t('key', {placeholder}) in the current language. ja.ts is the measure: en.ts must have the same keys, which the compiler checks.
import { en } from './en';
import { ja } from './ja';
import { language } from './language.svelte';

export type Key = keyof typeof ja;
export const dictionaries: Record<'ja' | 'en', Record<Key, string>> = { ja, en };

type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Placeholders<Rest> : never;
type Parameters<K extends Key> = [Placeholders<(typeof ja)[K]>] extends [never]
  ? []
  : [values: Record<Placeholders<(typeof ja)[K]>, string | number>];

export function t<K extends Key>(key: K, ...[values]: Parameters<K>): string {
  // An enum value that this version does not know yet has no text: its name is better than nothing.
  const text: string = dictionaries[language.current][key] ?? key;
  if (!values) return text;
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String((values as Record<string, string | number>)[name]));
}
