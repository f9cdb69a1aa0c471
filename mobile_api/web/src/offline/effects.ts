// What an action does to the figures of the book, before the service has told new ones. Pure.
import type { MessageInitShape } from '@bufbuild/protobuf';

import type { ReceiveStockRequestSchema } from '../gen/kubari/stock/v1/ledger_pb';
import { referTo, type Action, type Wish } from './actions';

export interface Effect {
  /** lots/{uuid}, or "actions/{id}" of the receipt that will make it. */
  lot: string;
  /** places/{uuid} */
  place: string;
  onHand: bigint;
  reserved: bigint;
  /** Less is to come of this offer line. */
  offerLine?: string;
  /** Less is left of this reservation. */
  reservation?: string;
  /** Less of this lot is on its way with this transfer. */
  transfer?: string;
  /** So much less; may be more than `onHand`, as what was refused is not to come either. */
  settled?: bigint;
}

/** What the book knows and a request leaves out. */
export interface Facts {
  /** Where a reservation's goods stand. */
  reserved: (reservation: string) => { lot: string; place: string } | undefined;
  /** The lot into which a receipt will go, if it is there already. */
  lotFor: (receipt: MessageInitShape<typeof ReceiveStockRequestSchema>) => string | undefined;
}

/** Effects of all actions that the service had not told of at `at`: those that wait, and those it has recorded since. In their order. */
export function effectsSince(at: number, actions: Action[], facts: Facts): { action: Action; effects: Effect[] }[] {
  const byName = new Map<string, Action>();
  for (const action of actions) {
    byName.set(referTo(action), action);
    for (const movement of action.movements) byName.set(movement, action);
  }
  const counts = (action: Action) =>
    action.state === 'waiting' || action.state === 'sending' || (action.state === 'done' && (action.doneAt ?? 0) >= at);
  return actions.filter(counts).map((action) => ({ action, effects: effectsOf(action.wish, action, byName, facts) }));
}

function effectsOf(wish: Wish, action: Action, byName: Map<string, Action>, facts: Facts): Effect[] {
  const real = (lot: string | undefined): string => {
    // A lot that was made meanwhile has got its name.
    const maker = lot?.startsWith('actions/') ? byName.get(lot) : undefined;
    return maker?.lot?.name ?? (maker && receiptLot(maker, facts)) ?? lot ?? '';
  };
  const shelf = (lot: string | undefined, place: string | undefined, onHand: bigint, more: Partial<Effect> = {}): Effect[] =>
    lot && place ? [{ lot: real(lot), place, onHand, reserved: 0n, ...more }] : [];

  if (wish.method === 'sendTransfer') {
    return (wish.request.goods ?? []).flatMap(({ lot, place, items = 0n }) => shelf(lot, place, -items));
  }
  if (wish.method === 'receiveTransfer') {
    const { transfer, goods } = wish.request;
    return (goods ?? []).flatMap(({ lot, place, items = 0n, shortItems = 0n }) => shelf(lot, place, items, { transfer, settled: items + shortItems }));
  }
  if (wish.method !== 'movement') return [];

  const { request } = wish.request;
  switch (request?.case) {
    case 'receive': {
      const { place, offerLine, items = 0n, refused = [] } = request.value;
      const settled = refused.reduce((sum, one) => sum + (one.items ?? 0n), items);
      return shelf(action.lot?.name ?? receiptLot(action, facts) ?? referTo(action), place, items, offerLine ? { offerLine, settled } : {});
    }
    case 'transfer': {
      const { lot, fromPlace, toPlace, items = 0n } = request.value;
      return [...shelf(lot, fromPlace, -items), ...shelf(lot, toPlace, items)];
    }
    case 'issue': {
      const { reservation, items = 0n } = request.value;
      if (!reservation) return shelf(request.value.lot, request.value.place, -items);
      const from = facts.reserved(reservation);
      return shelf(request.value.lot || from?.lot, request.value.place || from?.place, -items, { reserved: -items, reservation, settled: items });
    }
    case 'discard': {
      const { lot, place, items = 0n } = request.value;
      return place?.startsWith('places/') ? shelf(lot, place, -items) : [];
    }
    case 'adjust':
      return shelf(request.value.lot, request.value.place, request.value.difference ?? 0n);
    case 'return': {
      const { lot, from, to, items = 0n } = request.value;
      return [
        ...(from?.startsWith('places/') ? shelf(lot, from, -items) : []),
        ...(to?.startsWith('places/') ? shelf(lot, to, items) : []),
      ];
    }
    case 'reverse': {
      const before = byName.get(request.value.movement ?? '');
      // What someone else did long ago is not on this phone: the next refresh tells. Of an action that made several movements each is
      // reversed by itself; the first of them stands for all.
      if (!before || (before.movements.length > 1 && before.movements[0] !== request.value.movement)) return [];
      return effectsOf(before.wish, before, byName, facts).map((effect) => ({
        ...effect,
        onHand: -effect.onHand,
        // What was handed out and comes back is free.
        reserved: 0n,
        reservation: undefined,
        settled: effect.reservation ? undefined : effect.settled && -effect.settled,
      }));
    }
    default:
      return [];
  }
}

function receiptLot(action: Action, facts: Facts): string | undefined {
  const { wish } = action;
  if (wish.method !== 'movement' || wish.request.request?.case !== 'receive') return undefined;
  return facts.lotFor(wish.request.request.value);
}
