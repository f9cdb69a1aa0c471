// Municipalities by their names: nobody types a code.
import { SvelteMap } from 'svelte/reactivity';

import { api } from '../api/clients';
import type { Choice } from '../components/Combobox.svelte';

const known = new SvelteMap<string, string>();
const asked = new Set<string>();

/** What the Combobox searches; the name of a choice is its code. */
export async function municipalities(query: string): Promise<Choice[]> {
  const answer = await api.municipalities.listMunicipalities({ pageSize: 20, query });
  return answer.municipalities.map((one) => {
    known.set(one.code, `${one.prefecture}${one.displayName}`);
    return { name: one.code, text: `${one.prefecture}${one.displayName}`, more: one.nameKana };
  });
}

/** The name of a code; the code itself until it has been asked for. */
export function place(code: string): string {
  if (code && !known.has(code) && !asked.has(code)) {
    asked.add(code);
    api.municipalities.listMunicipalities({ codes: [code] }).then(
      (answer) => answer.municipalities.forEach((one) => known.set(one.code, one.displayName ? `${one.prefecture}${one.displayName}` : one.code)),
      () => asked.delete(code),
    );
  }
  return known.get(code) ?? code;
}
