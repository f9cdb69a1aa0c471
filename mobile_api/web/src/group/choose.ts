// Claims and bids for people: what is left of the time, what a form holds.
import { timestampMs, type Timestamp } from '@bufbuild/protobuf/wkt';

/** What somebody typed, as thousandths; nothing if it is no number. */
export function milliShares(typed: number | null | undefined): bigint | undefined {
  return typed === null || typed === undefined || !Number.isFinite(typed) ? undefined : BigInt(Math.round(typed * 1000));
}

export interface Left {
  unit: 'days' | 'hours' | 'minutes' | 'over';
  n: number;
}
/** Until then, in the largest unit of which there are at least two; minutes are rounded up, so that none are left only when it is over. */
export function left(due: Timestamp | undefined, now: number): Left {
  const ms = due ? timestampMs(due) - now : 0;
  if (ms <= 0) return { unit: 'over', n: 0 };
  const minutes = Math.ceil(ms / 60_000);
  if (minutes < 120) return { unit: 'minutes', n: minutes };
  if (minutes < 48 * 60) return { unit: 'hours', n: Math.floor(minutes / 60) };
  return { unit: 'days', n: Math.floor(minutes / 60 / 24) };
}

/** The next number of cases up or down, between one and the most; the rest of an opened case can only be had with all cases. */
export function step(items: bigint, by: 1 | -1, perCase: bigint, most: bigint, least: bigint): bigint {
  const unit = perCase > 0n ? perCase : 1n;
  const floor = least > unit ? ((least + unit - 1n) / unit) * unit : unit;
  const whole = (items / unit) * unit;
  const next = by > 0 ? whole + unit : items > whole ? whole : whole - unit;
  if (next > most) return most;
  return next < floor ? (floor < most ? floor : most) : next;
}

/** How full a bar is, 0 to 100. */
export const percent = (part: bigint, whole: bigint) => (whole <= 0n ? (part > 0n ? 100 : 0) : Math.min(100, Math.round((Number(part) / Number(whole)) * 100)));
