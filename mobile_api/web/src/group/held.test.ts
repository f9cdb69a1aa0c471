import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';

import { PlaceKind } from '../gen/kubari/stock/v1/catalogue_pb';
import { HolderSchema } from '../gen/kubari/stock/v1/stock_pb';
import { id } from '../testing/network';
import { groupIn, heldBy } from './held';

test('what a group holds is what stands at its own place', () => {
  const holder = (kind: PlaceKind, party: string, items: bigint) => create(HolderSchema, { place: { kind, party }, items });
  expect(heldBy('groups/1', [holder(PlaceKind.GROUP, 'groups/1', 30n), holder(PlaceKind.GROUP, 'groups/2', 9n), holder(PlaceKind.DELIVERY, 'groups/1', 4n)])).toBe(30n);
  expect(heldBy('groups/1', [])).toBe(0n);
});

test('a group is read from its link, as scanned or pasted', () => {
  const group = `groups/${id(30)}`;
  expect(groupIn(`https://kubari.example/#/group/after?${new URLSearchParams({ to: group, name: 'みどり & そら' })}`)).toEqual({ group, name: 'みどり & そら' });
  expect(groupIn(` ${group} `)).toEqual({ group, name: '' });
  expect(groupIn('https://kubari.example/#/deliveries/1')).toBeUndefined();
});
