// From what is known of goods at the door to what is booked. Pure.
import type { MessageInitShape } from '@bufbuild/protobuf';

import type { OfferLine } from '../gen/kubari/donors/v1/donors_pb';
import type { Lot, Product } from '../gen/kubari/stock/v1/catalogue_pb';
import type { ReceiveStockRequestSchema, RefusedGoodsSchema } from '../gen/kubari/stock/v1/ledger_pb';
import type { StockRules } from '../gen/kubari/stock/v1/stock_pb';
import { DateKind, FoodCategory, TemperatureZone, type GoodUntilSchema } from '../gen/kubari/type/v1/food_pb';
import { daysLeft } from '../i18n/format';
import type { Expected } from '../offline/book.svelte';
import { split, type Amount } from './amount';
import type { Code } from './code';
import { intakeDays } from './judge';

type Date = MessageInitShape<typeof GoodUntilSchema>;

/** The goods at the door, as far as product, offer and code say. */
export interface Goods {
  /** products/{uuid}; may be one that this phone has made and not sent yet. */
  product: string;
  displayName: string;
  category: FoodCategory;
  zone: TemperatureZone;
  perCase: number;
  expected?: Expected;
  /** donors/{uuid}, if it is known without an offer. */
  donor?: string;
  donorName?: string;
  /** From the code, else the offer, else the lot. Kind 0: nothing is known. */
  goodUntil: Date;
  /** The offer says another date than the code. */
  otherDate?: string;
  donorLotNumber: string;
  /** What is suggested. */
  amount: Amount;
  /** Actions that must be done first. */
  needs: string[];
}

const known = (date: Date | undefined): Date | undefined => (date?.kind && (date.date || date.kind === DateKind.NONE) ? { kind: date.kind, date: date.date } : undefined);

/** A missing value never overwrites a known one: what is not on the code comes from the offer, and what is not there either from the lot. */
export function goodsOf(product: Pick<Product, 'name' | 'displayName' | 'category' | 'temperatureZone' | 'itemsPerCase'>, from: { code?: Code; items?: bigint; lot?: Lot; expected?: Expected; needs?: string[] }): Goods {
  const { code, lot, expected, items = 1n, needs = [] } = from;
  const line: OfferLine | undefined = expected?.line;
  const perCase = Number(line?.itemsPerCase || lot?.itemsPerCase || product.itemsPerCase || 1n);
  const printed = known(code?.goodUntil);
  const offered = known(line?.goodUntil) ?? known(lot?.goodUntil);
  const open = expected && expected.openItems > 0n ? Number(expected.openItems) : 0;
  // A pallet says itself how many it holds; of cases the code only says what one is.
  const most = code?.sscc && items > 1n ? Number(items) : open || (items > 1n ? Number(items) : 0);
  return {
    product: product.name,
    displayName: product.displayName,
    category: product.category,
    zone: line?.temperatureZone || lot?.temperatureZone || product.temperatureZone,
    perCase,
    expected,
    donor: expected?.offer.donor || lot?.donor || undefined,
    donorName: expected?.offer.donorDisplayName || lot?.donorDisplayName || undefined,
    // A code says use-by or best-before by its identifier; the offer's word for the same day is as good.
    goodUntil: printed ?? offered ?? { kind: DateKind.BEST_BEFORE, date: '' },
    otherDate: printed && offered?.date && printed.date !== offered.date ? offered.date : undefined,
    donorLotNumber: (lot ? lot.donorLotNumber : code?.lotCode ? '' : code?.donorLotNumber) || line?.donorLotNumber || '',
    amount: most > 0 ? split(most, perCase) : { cases: null, perCase, loose: perCase > 1 ? null : 1 },
    needs,
  };
}

export interface Refused {
  items: number | null;
  reason: string;
  note: string;
}

export const refusedReasons = ['EXPIRED', 'TOO_SHORT', 'OPENED', 'DAMAGED', 'ALCOHOL', 'HOME_MADE', 'NO_JAPANESE_LABEL', 'TEMPERATURE', 'NOT_EXPECTED', 'OTHER'] as const;

/** Days that must be left when such goods come in, if this date has fewer. */
export function shortDated(goods: Goods, goodUntil: Date, rules: StockRules | undefined, today: string): { left: number; required: number } | undefined {
  const left = daysLeft({ $typeName: 'kubari.type.v1.GoodUntil', kind: goodUntil.kind ?? 0, date: goodUntil.date ?? '' }, today);
  const required = intakeDays(goods.category, rules);
  return left !== undefined && left < required ? { left, required } : undefined;
}

export interface Received {
  items: number;
  place: string;
  goodUntil: Date;
  donor: string;
  donorLotNumber: string;
  note: string;
  shortDatedReason: string;
  refused: Refused[];
}

export function receiveRequest(goods: Goods, { items, place, goodUntil, donor, donorLotNumber, note, shortDatedReason, refused }: Received): MessageInitShape<typeof ReceiveStockRequestSchema> {
  const line = goods.expected?.line;
  const asOffered = line !== undefined && line.goodUntil?.kind === goodUntil.kind && line.goodUntil?.date === goodUntil.date;
  return {
    place,
    items: BigInt(items),
    ...(line ? { offerLine: line.name } : { donor, product: goods.product }),
    // Unset: as offered.
    ...(asOffered ? {} : { goodUntil: { kind: goodUntil.kind, date: goodUntil.kind === DateKind.NONE ? '' : goodUntil.date } }),
    ...(line && donorLotNumber === line.donorLotNumber ? {} : { donorLotNumber }),
    note,
    shortDatedReason,
    refused: refused.filter((one) => (one.items ?? 0) > 0).map((one): MessageInitShape<typeof RefusedGoodsSchema> => ({ items: BigInt(one.items!), reason: one.reason, note: one.note.trim() })),
  };
}
