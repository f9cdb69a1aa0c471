import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';

import { BalanceSchema } from '../gen/kubari/stock/v1/stock_pb';
import { DateKind, TemperatureZone } from '../gen/kubari/type/v1/food_pb';
import { byExpiry, slotOf, slots, WEEKS } from './expiry';

const of = (date: string, zone = TemperatureZone.AMBIENT, onHand = 1n, free = 0n) =>
  create(BalanceSchema, { lot: { goodUntil: { kind: DateKind.BEST_BEFORE, date }, temperatureZone: zone }, onHand, free });

test.each([
  ['2026-11-20', 'past'],
  ['2026-11-21', 1],
  ['2026-11-27', 1],
  ['2026-11-28', 2],
  // A month is good to its last day.
  ['2026-11', 2],
  ['2027-02-12', WEEKS],
  ['2027-02-13', 'after'],
  ['', 'none'],
])('%s stands in %s', (date, slot) => expect(slotOf(of(date), '2026-11-21')).toBe(slot));

test('sums by zone, zones in their order', () => {
  const sums = byExpiry(
    [of('2026-11-22', TemperatureZone.FROZEN, 5n, 2n), of('2026-11-22', TemperatureZone.AMBIENT, 3n, 1n), of('2026-11-24', TemperatureZone.FROZEN, 7n, 7n)],
    '2026-11-21',
    (balance) => balance.free,
  );
  expect(sums.map(({ zone }) => zone)).toEqual([TemperatureZone.AMBIENT, TemperatureZone.FROZEN]);
  expect(sums.map(({ values }) => values[slots.indexOf(1)])).toEqual([1, 9]);
  expect(sums[0].values.reduce((a, b) => a + b)).toBe(1);
});
