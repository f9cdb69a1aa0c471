// Dates, instants and numbers for people.
import { timestampDate, type Timestamp } from '@bufbuild/protobuf/wkt';

import { session } from '../api/session.svelte';
import type { GoodUntil } from '../gen/kubari/type/v1/food_pb';
import { language, type Language } from './language.svelte';
import { label } from './labels';
import { t } from './text';

const locales: Record<Language, string> = { ja: 'ja-JP', en: 'en-GB' };
const locale = () => locales[language.current];

/** "2027-03-31" → 2027年3月31日, "2027-03" → 2027年3月. */
export function date(iso: string): string {
  const [year, month, day] = iso.split('-').map(Number);
  if (!year || !month) return iso;
  return new Intl.DateTimeFormat(locale(), {
    timeZone: 'UTC',
    year: 'numeric',
    month: 'long',
    day: day ? 'numeric' : undefined,
  }).format(Date.UTC(year, month - 1, day || 1));
}

/** Day and minute in the network's time zone. */
export function instant(time: Timestamp | undefined): string {
  return at(time, { year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });
}

/** Month and day in the network's time zone; in English in words, as 3/4 is two days. */
export function day(time: Timestamp | undefined): string {
  return at(time, { month: language.current === 'ja' ? 'numeric' : 'short', day: 'numeric' });
}

function at(time: Timestamp | undefined, options: Intl.DateTimeFormatOptions): string {
  return time ? new Intl.DateTimeFormat(locale(), { timeZone: session.timeZone, ...options }).format(timestampDate(time)) : '';
}

export function number(value: bigint | number): string {
  return new Intl.NumberFormat(locale()).format(value);
}

/** Whole items: 1,200点. */
export function items(value: bigint): string {
  return t(value === 1n || value === -1n ? 'quantity.item' : 'quantity.items', { n: number(value) });
}

/** Grams as kilograms, one digit below 100 kg. */
export function weight(grams: bigint): string {
  const kilograms = Number(grams) / 1000;
  const digits = Math.abs(kilograms) < 100 ? 1 : 0;
  return `${new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(kilograms)} kg`;
}

/** "賞味期限 2027年3月" */
export function goodUntil(value: GoodUntil | undefined): string {
  if (!value) return '';
  const kind = label.dateKind(value.kind);
  return value.date ? `${kind} ${date(value.date)}` : kind;
}

/** Whole days from `today` to the last good day; negative once it is past; undefined without a date. Month precision is good to the
 * end of the month. */
export function daysLeft(value: GoodUntil | undefined, today: string = networkToday()): number | undefined {
  const [year, month, dayOfMonth] = (value?.date ?? '').split('-').map(Number);
  if (!year || !month) return undefined;
  const last = dayOfMonth ? Date.UTC(year, month - 1, dayOfMonth) : Date.UTC(year, month, 0);
  return Math.round((last - Date.parse(`${today}T00:00:00Z`)) / 86_400_000);
}

/** Today in the network's time zone, "2026-11-21". */
export function networkToday(now: Date = new Date()): string {
  // Sweden writes dates as ISO 8601 does.
  return new Intl.DateTimeFormat('sv-SE', { timeZone: session.timeZone }).format(now);
}
