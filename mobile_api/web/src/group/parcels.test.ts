import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';

import { LineSchema } from '../gen/kubari/allocation/v1/allocation_pb';
import { hoursLeft, parcelsOf } from './parcels';

const line = (n: number, delivery: string, answer: bigint, items = 10n) =>
  create(LineSchema, { name: `runs/1/lines/${n}`, delivery, items, answerDueTime: { seconds: answer }, pickUpDueTime: { seconds: answer + 100n } });

test('lines of one delivery stand together, what is due first comes first', () => {
  const parcels = parcelsOf([line(1, 'deliveries/b', 300n), line(2, 'deliveries/a', 200n), line(3, 'deliveries/b', 100n, 5n), line(4, '', 150n)]);
  expect(parcels.map(({ key, items, answerDue, pickUpDue, lines }) => [key, items, answerDue, pickUpDue, lines.length])).toEqual([
    ['deliveries/b', 15n, 100n, 200n, 2],
    ['runs/1/lines/4', 10n, 150n, 250n, 1],
    ['deliveries/a', 10n, 200n, 300n, 1],
  ]);
  expect(parcels[0].run).toBe('runs/1');
});

test('time that is left, in whole hours', () => {
  expect(hoursLeft(7200n, 0)).toBe(2);
  expect(hoursLeft(3599n, 0)).toBe(0);
  expect(hoursLeft(100n, 101_000)).toBe(-1);
});
