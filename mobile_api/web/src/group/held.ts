// What a group still has of what it received, by the ledger: asked lot by lot, for the deliveries of a page.
import { api } from '../api/clients';
import { PlaceKind, type Lot } from '../gen/kubari/stock/v1/catalogue_pb';
import type { Delivery } from '../gen/kubari/stock/v1/ledger_pb';
import type { Holder } from '../gen/kubari/stock/v1/stock_pb';

export interface Held {
  lot: Lot;
  items: bigint;
}

/** Several questions at a time, so that a page of lots takes no minute; few enough for a phone's connection. */
const AT_ONCE = 4;

export function heldBy(group: string, holders: Holder[]): bigint {
  return holders.filter(({ place }) => place?.kind === PlaceKind.GROUP && place.party === group).reduce((sum, { items }) => sum + items, 0n);
}

export async function heldOf(group: string, deliveries: Delivery[], seen: Set<string>): Promise<Held[]> {
  const lots: Lot[] = [];
  for (const { lot } of deliveries.flatMap((delivery) => delivery.lines)) {
    if (!lot || seen.has(lot.name)) continue;
    seen.add(lot.name);
    lots.push(lot);
  }
  const held: Held[] = [];
  for (let at = 0; at < lots.length; at += AT_ONCE) {
    const answers = await Promise.all(lots.slice(at, at + AT_ONCE).map(async (lot) => ({ lot, items: heldBy(group, (await api.stock.traceLot({ lot: lot.name })).holders) })));
    held.push(...answers.filter(({ items }) => items > 0n));
  }
  return held;
}

/** groups/{uuid} and its name from the link of a group's code, or from the bare name. */
export function groupIn(text: string): { group: string; name: string } | undefined {
  const query = new URLSearchParams(text.split(/[?&](.*)/s)[1] ?? '');
  const group = /groups\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(query.get('to') ?? text)?.[0];
  return group ? { group, name: query.get('name') ?? '' } : undefined;
}
