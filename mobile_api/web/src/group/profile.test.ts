import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';

import { GroupSchema, Weekday } from '../gen/kubari/groups/v1/groups_pb';
import { FoodCategory } from '../gen/kubari/type/v1/food_pb';
import { CATEGORIES, categoriesFor, categoriesOf, FIELDS, PARTS, summary } from './profile';

test('no list of categories stands for all food, and for nothing else', () => {
  const all = categoriesOf({ acceptedCategories: [] });
  expect(all).not.toContain(FoodCategory.NON_FOOD);
  expect(all).toHaveLength(CATEGORIES.length - 1);
  expect(categoriesFor(all)).toEqual([]);
  expect(categoriesFor([...all, FoodCategory.NON_FOOD])).toHaveLength(CATEGORIES.length);
  expect(categoriesFor([FoodCategory.SNACK, FoodCategory.RICE])).toEqual([FoodCategory.RICE, FoodCategory.SNACK]);
});

test('each part says in a line what stands in it', () => {
  const group = create(GroupSchema, {
    receivingDays: [Weekday.SATURDAY, Weekday.TUESDAY],
    sites: [{ ambientItems: 300n, frozenItems: 20n }],
    households: 45n,
    children: 60n,
    minRemainingDays: 14,
  });
  expect(summary(group, 'days')).toBe('火、土');
  expect(summary(group, 'storage')).toBe('常温 300点、冷凍 20点');
  expect(summary(group, 'people')).toBe('45世帯・子ども60人');
  expect(summary(group, 'limits')).toBe('残り14日以上・距離の制限なし');
  expect(summary(group, 'categories')).toBe('食品はすべて');
  expect(summary(create(GroupSchema), 'days')).toBe('いつでも');
});

test('no field belongs to two parts', () => {
  const fields = PARTS.flatMap((part) => FIELDS[part]);
  expect(new Set(fields).size).toBe(fields.length);
});
