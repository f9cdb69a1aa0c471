// What one phone has counted, and how another count of the same lot at the same shelf is meant. Pure.
import { CountMode, LineState } from '../gen/kubari/stock/v1/stocktakes_pb';
import type { Action } from '../offline/actions';
import type { OpenStocktake } from '../offline/book.svelte';

/** The counts of this phone for one stocktake that hold: not refused, given up or taken back. `undoing`: what takes an action back. */
export function countsOf(actions: Action[], stocktake: string, undoing: (action: Action) => Action[]): Action[] {
  return actions.filter(
    (action) => action.wish.method === 'count' && action.wish.request.stocktake === stocktake && ['waiting', 'sending', 'done'].includes(action.state) && undoing(action).length === 0,
  );
}

/** Items of a count that waits or is done. */
export function countedItems({ wish }: Action): bigint {
  if (wish.method !== 'count') return 0n;
  const { cases = 0n, itemsPerCase = 1n, looseItems = 0n } = wish.request;
  return cases * (itemsPerCase || 1n) + looseItems;
}

export type Before =
  /** Nobody has: all of it is counted. */
  | 'none'
  /** This person has: instead, or another pile? */
  | 'own'
  /** Others have: counting too confirms it. */
  | 'others'
  /** People found different figures: somebody counts again for all. */
  | 'conflict';

export function before({ lines }: OpenStocktake, own: Action[], lot: string, place: string, subject: string): Before {
  const line = lines.find((one) => one.lot?.name === lot && one.place?.name === place);
  if (line?.state === LineState.CONFLICT) return 'conflict';
  const mine = own.some(({ wish }) => wish.method === 'count' && wish.request.lot === lot && wish.request.place === place);
  const counts = line?.counts.filter((count) => !count.void) ?? [];
  if (mine || counts.some((count) => count.actor === subject)) return 'own';
  return counts.length > 0 ? 'others' : 'none';
}

/** What may be chosen, the likely one first. */
export const modes: Record<Before, CountMode[]> = {
  none: [CountMode.WHOLE],
  others: [CountMode.WHOLE],
  own: [CountMode.WHOLE, CountMode.ADDITION],
  conflict: [CountMode.AGAIN, CountMode.WHOLE],
};
