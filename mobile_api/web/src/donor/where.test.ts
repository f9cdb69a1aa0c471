import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';

import { LotSchema, PlaceKind } from '../gen/kubari/stock/v1/catalogue_pb';
import { HolderSchema } from '../gen/kubari/stock/v1/stock_pb';
import { groupsOf, whereIs } from './where';

const holder = (kind: PlaceKind, items: bigint, name = '') => create(HolderSchema, { place: { kind, name: `places/${name || kind}`, displayName: name }, items });

test('every item is somewhere: the parts are what was given', () => {
  const where = whereIs(create(LotSchema), [
    holder(PlaceKind.DONOR, -300n),
    holder(PlaceKind.SHELF, 100n, 'A-01'),
    holder(PlaceKind.SHELF, 20n, 'A-02'),
    holder(PlaceKind.GROUP, 60n, 'みどり'),
    holder(PlaceKind.GROUP, 0n, '空'),
    holder(PlaceKind.DELIVERY, 50n),
    holder(PlaceKind.TRANSIT, 30n),
    holder(PlaceKind.WASTE, 25n),
    holder(PlaceKind.ADJUSTMENT, 15n),
  ]);
  expect(where).toMatchObject({ given: 300n, inStock: 120n, atGroups: 60n, underWay: 80n, wasted: 25n, otherwise: 15n });
  expect(where.inStock + where.atGroups + where.underWay + where.wasted + where.otherwise).toBe(where.given);
  expect(where.groups.map(({ name }) => name)).toEqual(['みどり']);
});

test('groups of several lots are added up, most first', () => {
  const one = whereIs(create(LotSchema), [holder(PlaceKind.GROUP, 10n, 'a'), holder(PlaceKind.GROUP, 5n, 'b')]);
  const two = whereIs(create(LotSchema), [holder(PlaceKind.GROUP, 20n, 'b')]);
  expect(groupsOf([one, two])).toEqual([{ key: 'places/b', name: 'b', items: 25n }, { key: 'places/a', name: 'a', items: 10n }]);
  expect(one.groups[1].items).toBe(5n);
});
