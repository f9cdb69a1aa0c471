import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';

import { PickDeliverySchema } from '../gen/kubari/allocation/v1/allocation_pb';
import { LotSchema, PlaceSchema, ProductSchema, type Lot } from '../gen/kubari/stock/v1/catalogue_pb';
import { StockRulesSchema } from '../gen/kubari/stock/v1/stock_pb';
import { DateKind, FoodCategory } from '../gen/kubari/type/v1/food_pb';
import type { Known, PickLine, PickList, Stock } from '../offline/book.svelte';
import { earlier, handOverStop, intakeDays, matchPick } from './judge';

const TODAY = '2026-11-21';
const product = create(ProductSchema, { name: 'products/p', displayName: 'かゆ' });
// Not a Lot itself: the plain shape, whose fields may be plain shapes too.
type LotShape = Exclude<MessageInitShape<typeof LotSchema>, Lot>;
const lot = (code: string, date: string, more: LotShape = {}): Lot =>
  create(LotSchema, { name: `lots/${code}`, code, product: product.name, productDisplayName: product.displayName, goodUntil: { kind: DateKind.BEST_BEFORE, date }, ...more });
const shelf = create(PlaceSchema, { name: 'places/a', code: 'A-01' });
const stock = (of: Lot, free = 10n): Stock => ({ lot: of, place: shelf, onHand: free, reserved: 0n, free, waiting: false });
const known = (more: Partial<Known> = {}): Known => ({ product, items: 1n, stock: [], expected: [], ...more });

const early = lot('EARLY', '2027-01');
const late = lot('LATE', '2027-06-30');
const lineOf = (of: Lot, openItems: bigint): PickLine => ({
  line: { ...create(PickDeliverySchema, { lines: [{ lot: of.name, lotCode: of.code, productDisplayName: of.productDisplayName, goodUntil: of.goodUntil, reservation: `reservations/${of.code}`, placeDisplayName: '東倉庫 A-01' }] }).lines[0] },
  stock: stock(of),
  openItems,
  doneItems: 0n,
});
const list = (...lines: PickLine[]): PickList => ({ delivery: create(PickDeliverySchema), lines, openItems: 1n });
const match = (on: PickList, what: Known) => matchPick(on, what, undefined, TODAY);

test('the label of a lot on the list ticks its line off without a question', () => {
  expect(match(list(lineOf(late, 5n), lineOf(early, 5n)), known({ lot: late }))).toMatchObject({ sure: true, lines: [{ line: { lotCode: 'LATE' } }] });
});

test('another lot of the same product is stopped, and the right one is named with its shelf', () => {
  expect(match(list(lineOf(early, 5n)), known({ lot: late })).stop).toEqual({ kind: 'wrongLot', lot: 'LATE', wanted: 'EARLY', place: 'A-01' });
});

test('what is not on the list, and what is out already, is stopped', () => {
  const other = lot('OTHER', '2027-06', { product: 'products/q', productDisplayName: '水' });
  expect(match(list(lineOf(early, 5n)), known({ lot: other })).stop).toEqual({ kind: 'notOnList', product: '水' });
  expect(match(list(lineOf(early, 0n)), known({ lot: early })).stop).toEqual({ kind: 'picked', product: 'かゆ' });
  expect(match(list(lineOf(early, 0n)), known()).stop).toEqual({ kind: 'picked', product: 'かゆ' });
  expect(match(list(), known()).stop).toEqual({ kind: 'notOnList', product: 'かゆ' });
  expect(match(list(lineOf(early, 5n)), known({ product: undefined })).stop).toEqual({ kind: 'unknown' });
});

test('a bare barcode asks which lot, first to expire first', () => {
  const found = match(list(lineOf(late, 5n), lineOf(early, 5n)), known());
  expect(found.lines?.map((one) => one.line.lotCode)).toEqual(['EARLY', 'LATE']);
  expect(found).toMatchObject({ sure: false });
  // The code carries the date of one of them.
  expect(match(list(lineOf(late, 5n), lineOf(early, 5n)), known({ stock: [stock(late)] })).lines?.map((one) => one.line.lotCode)).toEqual(['LATE']);
});

test('recalled and expired goods are stopped before anything else', () => {
  expect(handOverStop(lot('R', '2020-01', { recall: 'recalls/r' }), undefined, TODAY)).toEqual({ kind: 'recalled', lot: 'R' });
  expect(handOverStop(lot('X', '2026-11-20'), undefined, TODAY)).toEqual({ kind: 'expired', lot: 'X', date: '2026-11-20' });
  expect(handOverStop(lot('X', '2026-11-21'), undefined, TODAY)).toBeUndefined();
  expect(handOverStop(lot('X', '2026-11'), undefined, TODAY)).toBeUndefined();
  expect(match(list(lineOf(lot('X', '2026-10'), 5n)), known({ lot: lot('X', '2026-10') })).stop?.kind).toBe('expired');
});

test('past best-before may be handed out where the donor allows it, unless the network has a wall; use-by never', () => {
  const allowed = { conditions: { pastBestBeforeAllowed: true } };
  expect(handOverStop(lot('S', '2026-10', allowed), undefined, TODAY)).toBeUndefined();
  expect(handOverStop(lot('S', '2026-10', allowed), create(StockRulesSchema, { bestBeforeIsAWall: true }), TODAY)?.kind).toBe('expired');
  expect(handOverStop(lot('U', '', { ...allowed, goodUntil: { kind: DateKind.USE_BY, date: '2026-11-20' } }), undefined, TODAY)?.kind).toBe('expired');
});

test("the greatest demand for days holds; a category's rule replaces the general one", () => {
  const rules = create(StockRulesSchema, { minRemainingDaysHandOver: 3, minRemainingDaysIntake: 7, categories: [{ category: FoodCategory.BREAD_CEREAL, minRemainingDaysHandOver: 0, minRemainingDaysIntake: 1 }] });
  expect(handOverStop(lot('D', '2026-11-23'), rules, TODAY)).toEqual({ kind: 'tooFewDays', lot: 'D', left: 2, required: 3 });
  expect(handOverStop(lot('D', '2026-11-24'), rules, TODAY)).toBeUndefined();
  expect(handOverStop(lot('D', '2026-11-24', { conditions: { minRemainingDays: 14 } }), rules, TODAY)).toMatchObject({ kind: 'tooFewDays', required: 14 });
  expect(handOverStop(lot('B', '2026-11-21', { category: FoodCategory.BREAD_CEREAL }), rules, TODAY)).toBeUndefined();
  expect(intakeDays(FoodCategory.BREAD_CEREAL, rules)).toBe(1);
  expect(intakeDays(FoodCategory.RICE, rules)).toBe(7);
  expect(intakeDays(FoodCategory.RICE, undefined)).toBe(0);
});

test('only free goods that may be handed out make a departure', () => {
  expect(earlier(late, [stock(early), stock(late)], undefined, TODAY)?.lot.code).toBe('EARLY');
  expect(earlier(late, [stock(early, 0n), stock(late)], undefined, TODAY)).toBeUndefined();
  expect(earlier(late, [stock(lot('OLD', '2026-10')), stock(late)], undefined, TODAY)).toBeUndefined();
  expect(earlier(early, [stock(early), stock(late)], undefined, TODAY)).toBeUndefined();
  const none = lot('NONE', '', { goodUntil: { kind: DateKind.NONE, date: '' } });
  expect(earlier(none, [stock(late)], undefined, TODAY)?.lot.code).toBe('LATE');
  expect(earlier(late, [stock(none)], undefined, TODAY)).toBeUndefined();
});
