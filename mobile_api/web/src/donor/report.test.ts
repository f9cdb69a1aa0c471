import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';

import { FiguresSchema, ImpactRowSchema } from '../gen/kubari/impact/v1/impact_pb';
import { FoodCategory } from '../gen/kubari/type/v1/food_pb';
import { categoryOf, figuresRow, goodsOf, namedFirst, permille } from './report';

test('goods are what arrived, by product, heaviest first; what was taken back is not there', () => {
  const move = (kind: string, productDisplayName: string, items: bigint, grams: bigint) => ({ kind, productDisplayName, items, grams });
  expect(
    goodsOf([move('RECEIVE', 'ごはん', 10n, 2000n), move('CONFIRM', 'ごはん', 10n, 2000n), move('RECEIVE', '水', 5n, 10000n), move('RECEIVE', 'ごはん', 2n, 400n), move('RECEIVE', '缶', 3n, 300n), move('RECEIVE', '缶', -3n, -300n)]),
  ).toEqual([{ product: '水', items: 5n, grams: 10000n }, { product: 'ごはん', items: 12n, grams: 2400n }]);
});

test('shares are rounded to tenths of a percent', () => {
  expect(permille(1n, 3n)).toBe(333);
  expect(permille(2n, 3n)).toBe(667);
  expect(permille(0n, 0n)).toBe(0);
});

test('categories by their names in the answer', () => {
  expect(categoryOf('FOOD_CATEGORY_CARE')).toBe(FoodCategory.CARE);
  expect(categoryOf('FOOD_CATEGORY_OF_TOMORROW')).toBe(FoodCategory.UNSPECIFIED);
});

test('a row of the file has every figure in its place', () => {
  const figures = create(FiguresSchema, { receivedItems: 1n, receivedGrams: 2n, items: 3n, grams: 4n, deliveries: 5n, groups: 6n, householdsDistinct: 7n, householdsCumulative: 8n });
  expect(figuresRow('月', '2026-11', figures)).toEqual(['月', '2026-11', '1', '2', '3', '4', '5', '6', '7', '8']);
});

test('groups without a name are one row', () => {
  const row = (displayName: string, items: bigint) => create(ImpactRowSchema, { displayName, figures: { items, grams: items * 10n, deliveries: 1n, householdsDistinct: 5n, householdsCumulative: 5n } });
  const rows = namedFirst([row('', 3n), row('みどり', 2n), row('', 4n), row('', 0n)]);
  expect(rows.map(({ displayName }) => displayName)).toEqual(['みどり', '']);
  expect(rows[1].figures).toMatchObject({ items: 7n, grams: 70n, deliveries: 2n, groups: 2n, householdsDistinct: 0n, householdsCumulative: 10n });
  expect(namedFirst([row('みどり', 2n)])).toHaveLength(1);
});
