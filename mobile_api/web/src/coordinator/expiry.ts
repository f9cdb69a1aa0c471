// Stock by the week of its date, for the picture.
import type { Balance } from '../gen/kubari/stock/v1/stock_pb';
import { TemperatureZone } from '../gen/kubari/type/v1/food_pb';
import { daysLeft } from '../i18n/format';

/** Weeks that stand on their own; what is good longer stands together. */
export const WEEKS = 12;

/** What a bar holds: goods past their date; of a week ("within n weeks"); good for longer; without a date. */
export type Slot = 'past' | 'after' | 'none' | number;
export const slots: Slot[] = ['past', ...Array.from({ length: WEEKS }, (_, week) => week + 1), 'after', 'none'];

/** Goods whose last day is today are still good: the first week is days 0 to 6. */
export function slotOf(balance: Balance, today: string): Slot {
  const left = daysLeft(balance.lot?.goodUntil, today);
  if (left === undefined) return 'none';
  if (left < 0) return 'past';
  const week = Math.floor(left / 7) + 1;
  return week > WEEKS ? 'after' : week;
}

export interface Expiry {
  zone: TemperatureZone;
  /** Items, one figure for each of `slots`. */
  values: number[];
}

export function byExpiry(balances: Balance[], today: string, figure: (balance: Balance) => bigint): Expiry[] {
  const sums = new Map<TemperatureZone, number[]>();
  for (const balance of balances) {
    const zone = balance.lot?.temperatureZone ?? TemperatureZone.UNSPECIFIED;
    const values = sums.get(zone) ?? slots.map(() => 0);
    values[slots.indexOf(slotOf(balance, today))] += Number(figure(balance));
    sums.set(zone, values);
  }
  return [...sums].sort(([a], [b]) => a - b).map(([zone, values]) => ({ zone, values }));
}
