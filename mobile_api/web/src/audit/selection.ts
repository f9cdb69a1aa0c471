// What of the ledger counts in the figures on a page, as it stands in the address: period and what they are narrowed to.
import type { MessageInitShape } from '@bufbuild/protobuf';

import { Dimension, type ImpactFilterSchema, type ImpactRow } from '../gen/kubari/impact/v1/impact_pb';
import { FoodCategory } from '../gen/kubari/type/v1/food_pb';
import { date } from '../i18n/format';
import { label } from '../i18n/labels';
import { prefecture } from '../lots/conditions';
import type { Period } from './period';
import { t } from './words';

export type Filter = MessageInitShape<typeof ImpactFilterSchema>;
export const narrowings = ['donor', 'group', 'category', 'prefecture'] as const;
export type Narrowing = (typeof narrowings)[number];
/** donors/{uuid}, groups/{uuid}, "RICE", "13". */
export type Narrowed = Partial<Record<Narrowing, string>>;

export function narrowedBy(query: URLSearchParams): Narrowed {
  return Object.fromEntries(narrowings.flatMap((name) => (query.get(name) ? [[name, query.get(name)]] : [])));
}

export function filterOf(period: Pick<Period, 'from' | 'to'>, narrowed: Narrowed): Filter {
  const { donor = '', group = '', category = '', prefecture: code = '' } = narrowed;
  return {
    fromDate: period.from,
    toDate: period.to,
    donor,
    group,
    category: FoodCategory[category as keyof typeof FoodCategory] ?? FoodCategory.UNSPECIFIED,
    prefecture: code,
  };
}

/** Which narrowing a row of the dimension stands for; months are periods. */
export const narrowingOf: Partial<Record<Dimension, Narrowing>> = {
  [Dimension.DONOR]: 'donor',
  [Dimension.GROUP]: 'group',
  [Dimension.CATEGORY]: 'category',
  [Dimension.PREFECTURE]: 'prefecture',
};

/** The row's key as it stands in an address. */
export const valueOf = (row: ImpactRow) => row.key.replace('FOOD_CATEGORY_', '');

export function nameOf(dimension: Dimension, row: ImpactRow): string {
  if (dimension === Dimension.MONTH) return date(row.key);
  if (dimension === Dimension.CATEGORY) return label.category(FoodCategory[valueOf(row) as keyof typeof FoodCategory]);
  if (dimension === Dimension.PREFECTURE) return prefecture(row.key);
  return row.displayName || row.key;
}

export function periodName(period: Period): string {
  const { kind, year, part, from, to } = period;
  if (kind === 'year') return t('period.yearOf', { year });
  if (kind === 'quarter') return t('period.quarterOf', { year, n: part });
  if (kind === 'month') return date(from.slice(0, 7));
  if (kind === 'all') return t('period.all');
  return t('period.range', { from: from ? date(from) : t('period.first'), to: to ? date(to) : t('period.last') });
}

/** "+12 %", "−3 %", "±0 %"; against nothing: new. */
export function change(now: bigint, before: bigint): string {
  if (before === 0n) return now === 0n ? '±0%' : t('compare.new');
  const percent = (Number(now - before) / Math.abs(Number(before))) * 100;
  const digits = Math.abs(percent) < 10 ? 1 : 0;
  const text = Math.abs(percent).toFixed(digits);
  return Number(text) === 0 ? '±0%' : `${percent > 0 ? '+' : '−'}${text}%`;
}
