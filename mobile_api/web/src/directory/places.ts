// Municipalities by their names: nobody types a code.
import { SvelteMap } from 'svelte/reactivity';

import { api } from '../api/clients';
import type { Choice } from '../components/Combobox.svelte';
import type { Municipality } from '../gen/kubari/groups/v1/municipalities_pb';
import { date } from '../i18n/format';
import { prefecture } from '../lots/conditions';
import { t } from './words';

const known = new SvelteMap<string, string>();
const asked = new Set<string>();
// As many codes as one call may have.
const MOST = 200;

const named = (one: Municipality) => `${one.prefecture}${one.displayName}`;
/** Of one that is no more: since when. */
const withEnd = (one: Municipality) => (one.abolishDate ? t('placeGone', { name: named(one), date: date(one.abolishDate) }) : named(one));

/** What the Combobox searches; the name of a choice is its code. */
export async function municipalities(query: string): Promise<Choice[]> {
  const answer = await api.municipalities.listMunicipalities({ pageSize: 20, query });
  return answer.municipalities.map((one) => {
    known.set(one.code, withEnd(one));
    return { name: one.code, text: named(one), more: one.nameKana };
  });
}

/** Prefectures as a whole as well: theirs are the codes of two digits. */
export async function areas(query: string): Promise<Choice[]> {
  const wanted = query.trim();
  const whole = Array.from({ length: 47 }, (_, index) => String(index + 1).padStart(2, '0')).filter((code) => wanted !== '' && prefecture(code).toLowerCase().startsWith(wanted.toLowerCase()));
  return [...whole.map((code) => ({ name: code, text: prefecture(code), more: t('placeWhole') })), ...(await municipalities(wanted))].slice(0, 20);
}

/** Has their names at hand: what is written into a file does not follow when they come later. */
export async function learn(codes: string[]): Promise<void> {
  const unknown = [...new Set(codes)].filter((code) => code.length > 2 && !known.has(code));
  for (const code of unknown) asked.add(code);
  await ask(unknown);
}

// Names that one screen asks for at the same moment are one call.
let wanted: string[] = [];
async function ask(codes: string[]) {
  for (let at = 0; at < codes.length; at += MOST) {
    const some = codes.slice(at, at + MOST);
    try {
      const answer = await api.municipalities.listMunicipalities({ codes: some, pageSize: MOST });
      for (const one of answer.municipalities) known.set(one.code, withEnd(one));
    } catch {
      // The codes are shown, and the next screen asks again.
      for (const code of some) asked.delete(code);
    }
  }
}

/** The name of a code, also of a prefecture's; the code itself until it has been asked for. */
export function place(code: string): string {
  if (code.length === 2) return prefecture(code);
  if (code && !known.has(code) && !asked.has(code)) {
    asked.add(code);
    if (wanted.push(code) === 1) queueMicrotask(() => void ask(wanted.splice(0)));
  }
  return known.get(code) ?? code;
}
