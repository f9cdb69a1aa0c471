// The phone's actions as a file, for when everything else fails: whoever helps can see what was done, and record it by hand.
import { download } from '../api/download';
import { networkToday } from '../i18n/format';
import type { Action } from './actions';

export function exportActions(actions: Action[]): void {
  const told = actions.map(({ madeAt, doneAt, ...action }) => ({
    ...action,
    madeAt: new Date(madeAt).toISOString(),
    doneAt: doneAt && new Date(doneAt).toISOString(),
  }));
  // Whole numbers as text, as the contract's JSON writes them.
  const text = JSON.stringify(told, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value), 2);
  download(new TextEncoder().encode(text), `kubari-${networkToday()}.json`, 'application/json');
}
