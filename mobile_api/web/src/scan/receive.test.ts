import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';

import { OfferLineSchema, OfferSchema } from '../gen/kubari/donors/v1/donors_pb';
import { LotSchema, ProductSchema } from '../gen/kubari/stock/v1/catalogue_pb';
import { StockRulesSchema } from '../gen/kubari/stock/v1/stock_pb';
import { DateKind, FoodCategory, TemperatureZone } from '../gen/kubari/type/v1/food_pb';
import { total } from './amount';
import { goodsOf, receiveRequest, shortDated, type Received } from './receive';

const product = create(ProductSchema, { name: 'products/p', displayName: 'レトルトかゆ', category: FoodCategory.RETORT, temperatureZone: TemperatureZone.AMBIENT, itemsPerCase: 30n });
const line = create(OfferLineSchema, { name: 'offers/o/lines/l', product: product.name, itemsPerCase: 24n, goodUntil: { kind: DateKind.BEST_BEFORE, date: '2027-03' }, temperatureZone: TemperatureZone.AMBIENT, donorLotNumber: 'L-1' });
const expected = { offer: create(OfferSchema, { donor: 'donors/d', donorDisplayName: '例示食品' }), line, openItems: 250n };
const received = (more: Partial<Received> = {}): Received => ({ items: 48, place: 'places/a', goodUntil: { kind: DateKind.BEST_BEFORE, date: '2027-03' }, donor: '', donorLotNumber: 'L-1', note: '', shortDatedReason: '', refused: [], ...more });

test('an expected line says everything, and what is as offered is not said again', () => {
  const goods = goodsOf(product, { code: { raw: 'x' }, expected });
  expect(goods).toMatchObject({ goodUntil: { date: '2027-03' }, perCase: 24, donorLotNumber: 'L-1', donor: 'donors/d' });
  expect(total(goods.amount)).toBe(250);
  expect(receiveRequest(goods, received())).toEqual({ place: 'places/a', items: 48n, offerLine: line.name, note: '', shortDatedReason: '', refused: [] });
});

test('a code without a date blanks none, and one with another date is told', () => {
  expect(goodsOf(product, { code: { raw: 'x', donorLotNumber: 'L-9' }, expected })).toMatchObject({ goodUntil: { date: '2027-03' }, donorLotNumber: 'L-9', otherDate: undefined });
  const goods = goodsOf(product, { code: { raw: 'x', goodUntil: { kind: DateKind.BEST_BEFORE, date: '2027-04-30' } }, expected });
  expect(goods).toMatchObject({ goodUntil: { date: '2027-04-30' }, otherDate: '2027-03' });
  expect(receiveRequest(goods, received({ goodUntil: goods.goodUntil, donorLotNumber: 'L-9' }))).toMatchObject({ goodUntil: { kind: DateKind.BEST_BEFORE, date: '2027-04-30' }, donorLotNumber: 'L-9' });
});

test('the rest of a lot that stands here already', () => {
  const lot = create(LotSchema, { donor: 'donors/e', donorLotNumber: 'Z', itemsPerCase: 12n, goodUntil: { kind: DateKind.USE_BY, date: '2026-12-01' }, temperatureZone: TemperatureZone.CHILLED });
  expect(goodsOf(product, { code: { raw: 'x', lotCode: 'ABCDEFGH', donorLotNumber: 'ABCDEFGH' }, lot })).toMatchObject({ donor: 'donors/e', donorLotNumber: 'Z', perCase: 12, goodUntil: { date: '2026-12-01' }, zone: TemperatureZone.CHILLED });
});

test('without an offer, donor and product are named; no date is no date', () => {
  const goods = goodsOf(product, { code: { raw: 'x' } });
  expect(goods.goodUntil).toEqual({ kind: DateKind.BEST_BEFORE, date: '' });
  const request = receiveRequest(goods, received({ donor: 'donors/d', goodUntil: { kind: DateKind.NONE, date: '2027-03' }, refused: [{ items: 2, reason: 'OPENED', note: ' 箱 ' }, { items: null, reason: 'OTHER', note: '' }] }));
  expect(request).toMatchObject({ donor: 'donors/d', product: product.name, goodUntil: { kind: DateKind.NONE, date: '' }, refused: [{ items: 2n, reason: 'OPENED', note: '箱' }] });
  expect(request.refused).toHaveLength(1);
});

test('the code of a case counts a case, unless more is expected; a pallet says itself how many it holds', () => {
  expect(total(goodsOf(product, { code: { raw: 'x' }, items: 30n }).amount)).toBe(30);
  expect(total(goodsOf(product, { code: { raw: 'x' }, items: 24n, expected }).amount)).toBe(250);
  expect(total(goodsOf(product, { code: { raw: 'x', sscc: '0', count: 48 }, items: 48n, expected }).amount)).toBe(48);
  expect(goodsOf(product, { code: { raw: 'x' } }).amount).toEqual({ cases: null, perCase: 30, loose: null });
});

test('goods with few days left need a reason; a category has its own rule', () => {
  const rules = create(StockRulesSchema, { minRemainingDaysIntake: 14, categories: [{ category: FoodCategory.BREAD_CEREAL, minRemainingDaysIntake: 1 }] });
  const goods = goodsOf(product, {});
  const until = (date: string) => ({ kind: DateKind.BEST_BEFORE, date });
  expect(shortDated(goods, until('2026-12-04'), rules, '2026-11-21')).toEqual({ left: 13, required: 14 });
  expect(shortDated(goods, until('2026-12-05'), rules, '2026-11-21')).toBeUndefined();
  expect(shortDated(goods, until('2026-12'), rules, '2026-11-21')).toBeUndefined();
  expect(shortDated({ ...goods, category: FoodCategory.BREAD_CEREAL }, until('2026-11-22'), rules, '2026-11-21')).toBeUndefined();
  expect(shortDated(goods, { kind: DateKind.NONE, date: '' }, rules, '2026-11-21')).toBeUndefined();
});
