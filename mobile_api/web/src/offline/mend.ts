// What of a refused action a person can change before it is sent again. Pure.
import type { Action, Telling, Wish } from './actions';

export interface Mending {
  /** Whole items; undefined: this action has no single number. */
  items?: bigint;
  /** Why goods with few days left are taken in; why an earlier lot is passed over. Undefined: is not asked for. */
  shortDatedReason?: string;
  departureReason?: string;
  /** places/{uuid} of the shelf to which it goes. Undefined: goes to no shelf. */
  place?: string;
}

/** What can be changed, as it is now. */
export function mendable({ wish, problem }: Action): Mending {
  if (wish.method === 'count') {
    const { cases = 0n, itemsPerCase = 0n, looseItems = 0n } = wish.request;
    // With 0 per case the lot's own number counts, which is not known here.
    return cases > 0n && itemsPerCase === 0n ? {} : { items: cases * itemsPerCase + looseItems };
  }
  if (wish.method !== 'movement') return {};
  const { request } = wish.request;
  switch (request?.case) {
    case 'receive':
      return {
        items: request.value.items ?? 0n,
        place: request.value.place,
        ...(problem?.reason === 'TOO_FEW_DAYS' ? { shortDatedReason: request.value.shortDatedReason ?? '' } : {}),
      };
    case 'transfer':
      return { items: request.value.items ?? 0n, place: request.value.toPlace };
    case 'issue':
      return { items: request.value.items ?? 0n, ...(problem?.reason === 'FEFO_DEPARTURE' ? { departureReason: request.value.departureReason ?? '' } : {}) };
    case 'discard':
      return { items: request.value.items ?? 0n };
    default:
      return {};
  }
}

export function mayMend(action: Action): boolean {
  return Object.keys(mendable(action)).length > 0;
}

/** The action with the changes, and with the words for the list of actions. */
export function mended(action: Action, changes: Mending, placeDisplayName?: string): { wish: Wish; telling: Telling } {
  const { items, shortDatedReason, departureReason, place } = changes;
  const telling = {
    ...action.telling,
    ...(items === undefined ? {} : { items: String(items) }),
    ...(placeDisplayName ? { to: placeDisplayName } : {}),
  };
  const { wish } = action;
  if (wish.method === 'count') {
    return { wish: { ...wish, request: { ...wish.request, cases: 0n, looseItems: items ?? 0n } }, telling };
  }
  if (wish.method !== 'movement') return { wish, telling };
  const { request } = wish.request;
  const value = {
    ...request?.value,
    ...(items === undefined ? {} : { items }),
    ...(shortDatedReason === undefined ? {} : { shortDatedReason }),
    ...(departureReason === undefined ? {} : { departureReason }),
    ...(place === undefined ? {} : request?.case === 'transfer' ? { toPlace: place } : { place }),
  };
  // A oneof's case and its value belong together, which a spread cannot tell the compiler.
  return { wish: { ...wish, request: { request: { ...request, value } } } as Wish, telling };
}
