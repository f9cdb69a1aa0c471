// The figures of a donor's report, and the same as rows for a file. Asked once for a period.
import { create } from '@bufbuild/protobuf';

import { api } from '../api/clients';
import { everything } from '../api/everything';
import { OfferState, type Donor, type Offer } from '../gen/kubari/donors/v1/donors_pb';
import { Dimension, FiguresSchema, ImpactRowSchema, type Figures, type GetImpactResponse, type ImpactMovement, type ImpactRow } from '../gen/kubari/impact/v1/impact_pb';
import { FoodCategory } from '../gen/kubari/type/v1/food_pb';

export interface Goods {
  product: string;
  items: bigint;
  grams: bigint;
}

export interface Report {
  donor: Donor;
  whole: GetImpactResponse;
  categories: ImpactRow[];
  prefectures: ImpactRow[];
  months: ImpactRow[];
  groups: ImpactRow[];
  offers: Offer[];
  /** What came in, by product, heaviest first; undefined if there were too many records to go through. */
  goods: Goods[] | undefined;
}

/** Records that are gone through for the list of goods. */
const MOST = 20_000;

export async function readReport(donor: string, fromDate: string, toDate: string): Promise<Report> {
  const filter = { donor, fromDate, toDate };
  const by = (dimension: Dimension) => api.impact.getImpact({ filter, dimension });
  const [facts, whole, categories, prefectures, months, groups, offers, movements] = await Promise.all([
    api.donors.getDonor({ name: donor }),
    by(Dimension.UNSPECIFIED),
    by(Dimension.CATEGORY),
    by(Dimension.PREFECTURE),
    by(Dimension.MONTH),
    by(Dimension.GROUP),
    everything(async (pageToken) => {
      const page = await api.donors.listOffers({ donor, pageToken, pageSize: 200, readyFromDate: fromDate, readyToDate: toDate, orderBy: 'ready_date' });
      return { items: page.offers, next: page.nextPageToken };
    }),
    everything(
      async (pageToken) => {
        const page = await api.impact.listImpactMovements({ filter, pageToken, pageSize: 200 });
        return { items: page.movements, next: page.nextPageToken };
      },
      undefined,
      MOST,
    ),
  ]);
  return {
    donor: facts,
    whole,
    categories: categories.rows,
    prefectures: prefectures.rows,
    months: months.rows,
    groups: namedFirst(groups.rows),
    // What was never sent, or taken back, gave nothing.
    offers: offers.filter(({ state }) => state !== OfferState.DRAFT && state !== OfferState.WITHDRAWN),
    goods: movements.length >= MOST ? undefined : goodsOf(movements),
  };
}

/** Groups that are named, and the others as one row without a name; its households distinct are not a sum that has a meaning, and stay 0. */
export function namedFirst(rows: ImpactRow[]): ImpactRow[] {
  const named = rows.filter((row) => row.displayName);
  const others = rows.filter((row) => !row.displayName && row.figures && row.figures.items !== 0n);
  if (others.length === 0) return named;
  const sum = create(FiguresSchema);
  for (const { figures } of others) {
    sum.items += figures!.items;
    sum.grams += figures!.grams;
    sum.deliveries += figures!.deliveries;
    sum.householdsCumulative += figures!.householdsCumulative;
    sum.groups += 1n;
  }
  return [...named, create(ImpactRowSchema, { figures: sum })];
}

/** What arrived at warehouses, by product. */
export function goodsOf(movements: Pick<ImpactMovement, 'kind' | 'productDisplayName' | 'items' | 'grams'>[]): Goods[] {
  const sums = new Map<string, Goods>();
  for (const { kind, productDisplayName: product, items, grams } of movements) {
    if (kind !== 'RECEIVE') continue;
    const sum = sums.get(product) ?? { product, items: 0n, grams: 0n };
    sum.items += items;
    sum.grams += grams;
    sums.set(product, sum);
  }
  return [...sums.values()].filter(({ items }) => items !== 0n).sort((a, b) => (a.grams === b.grams ? a.product.localeCompare(b.product, 'ja') : a.grams < b.grams ? 1 : -1));
}

export function categoryOf(key: string): FoodCategory {
  return FoodCategory[key.replace('FOOD_CATEGORY_', '') as keyof typeof FoodCategory] ?? FoodCategory.UNSPECIFIED;
}

/** A part of the whole in tenths of a percent, rounded; nothing of nothing is nothing. */
export function permille(part: bigint, whole: bigint): number {
  return whole > 0n ? Number((part * 1000n + whole / 2n) / whole) : 0;
}

export const sumOf = (offer: Offer, of: (line: Offer['lines'][number]) => bigint): bigint => offer.lines.reduce((total, line) => total + of(line), 0n);

/** One row of the file. */
export function figuresRow(section: string, key: string, figures: Figures | undefined): string[] {
  const { items = 0n, grams = 0n, deliveries = 0n, householdsDistinct = 0n, householdsCumulative = 0n, groups = 0n, receivedItems = 0n, receivedGrams = 0n } = figures ?? {};
  return [section, key, ...[receivedItems, receivedGrams, items, grams, deliveries, groups, householdsDistinct, householdsCumulative].map(String)];
}
