// What the Combobox searches.
import { api } from '../api/clients';
import type { Choice } from '../components/Combobox.svelte';
import { goodUntil, items } from '../i18n/format';
import { t } from './words';

const FEW = 20;

export async function groups(query: string): Promise<Choice[]> {
  const answer = await api.groups.listGroups({ pageSize: FEW, query, orderBy: 'relevance' });
  return answer.groups.map((group) => ({ name: group.name, text: group.displayName, more: group.code }));
}

export async function donors(query: string): Promise<Choice[]> {
  const answer = await api.donors.listDonors({ pageSize: FEW, query });
  return answer.donors.map((donor) => ({ name: donor.name, text: donor.displayName, more: donor.agreementInForce ? donor.code : t('agreementNo') }));
}

export async function products(query: string): Promise<Choice[]> {
  const answer = await api.stock.listProducts({ pageSize: FEW, query });
  return answer.products.map((product) => ({ name: product.name, text: product.displayName, more: product.gtin }));
}

export async function lots(query: string): Promise<Choice[]> {
  const answer = await api.stock.listLots({ pageSize: FEW, query, inStock: true });
  return answer.lots.map((lot) => ({ name: lot.name, text: `${lot.productDisplayName} ${lot.code}`, more: goodUntil(lot.goodUntil) }));
}

export interface StockChoice extends Choice {
  lot: string;
  place: string;
  free: bigint;
  itemsPerCase: bigint;
}

/** Free stock: a lot on a shelf. */
export async function stock(query: string): Promise<StockChoice[]> {
  const answer = await api.stock.listBalances({ pageSize: FEW, query, freeOnly: true });
  return answer.balances.map((balance) => ({
    name: `${balance.lot?.name} ${balance.place?.name}`,
    lot: balance.lot?.name ?? '',
    place: balance.place?.name ?? '',
    text: `${balance.lot?.productDisplayName} ${balance.lot?.code}`,
    more: `${balance.place?.displayName} · ${items(balance.free)} · ${goodUntil(balance.lot?.goodUntil)}`,
    free: balance.free,
    itemsPerCase: balance.lot?.itemsPerCase ?? 0n,
  }));
}
