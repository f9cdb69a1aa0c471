import { expect, test } from 'vitest';

import { session } from '../api/session.svelte';
import { Dimension } from '../gen/kubari/impact/v1/impact_pb';
import { AlertKind } from '../gen/kubari/stock/v1/alerts_pb';
import { DateKind } from '../gen/kubari/type/v1/food_pb';
import { at, sessionAs } from '../testing/network';
import { date, daysLeft, goodUntil, instant, items, networkToday, weight } from './format';
import { language } from './language.svelte';
import { alertKinds, dimensions, label } from './labels';
import { t } from './text';
import type { Words } from './words';

const value = (text: string) => ({ $typeName: 'kubari.type.v1.GoodUntil' as const, kind: DateKind.BEST_BEFORE, date: text });

// The words of the rooms, and those that they share.
const rooms = import.meta.glob<{ t: Words<Record<string, string>> }>('../*/*{words,Words}.ts', { eager: true });
const all = Object.entries({ ...rooms, './text.ts': { t: t as unknown as Words<Record<string, string>> } }).filter(([, room]) => room.t);

test.each(all)('%s: both dictionaries have the same keys, no empty text, and the same placeholders', (_, room) => {
  const { ja, en } = room.t.dictionaries;
  expect(Object.keys(en).sort()).toEqual(Object.keys(ja).sort());
  const placeholders = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const key of Object.keys(ja)) {
    expect(ja[key], key).not.toBe('');
    expect(en[key], key).not.toBe('');
    expect(placeholders(en[key]), key).toEqual(placeholders(ja[key]));
    expect(en[key], `${key} is English`).not.toMatch(/[぀-ヿ一-鿿]/);
  }
});

test('names that are written out are those of the contract', () => {
  const named = (of: object) => Object.fromEntries(Object.entries(of).filter(([key]) => /^\d+$/.test(key)));
  expect(alertKinds).toEqual(named(AlertKind));
  expect(dimensions).toEqual(named(Dimension));
});

test('every enum value that can be shown has words', () => {
  expect(label.reason('TOO_SHORT_DATE')).toBe('期限が近すぎる');
  expect(label.reason('SOMETHING_NEW')).toBe('SOMETHING_NEW');
});

test('dates with day and with month precision', () => {
  expect(date('2027-03-31')).toBe('2027年3月31日');
  expect(date('2027-03')).toBe('2027年3月');
  expect(goodUntil(value('2027-03'))).toBe('賞味期限 2027年3月');
  language.set('en');
  expect(date('2027-03-31')).toBe('31 March 2027');
  expect(date('2027-03')).toBe('March 2027');
  expect(goodUntil(value('2027-03'))).toBe('Best before March 2027');
  expect(date('no date')).toBe('no date');
});

test('a month is good to its last day', () => {
  expect(daysLeft(value('2027-02'), '2027-02-01')).toBe(27);
  expect(daysLeft(value('2028-02'), '2028-02-29')).toBe(0);
  expect(daysLeft(value('2027-03-31'), '2027-04-01')).toBe(-1);
  expect(daysLeft(value(''), '2027-04-01')).toBeUndefined();
});

test("instants and today are the network's, not the browser's", () => {
  expect(instant(at('2026-11-20T15:30:00Z'))).toBe('2026年11月21日 00:30');
  expect(networkToday(new Date('2026-11-20T15:30:00Z'))).toBe('2026-11-21');
  session.value = { ...sessionAs(), network: { ...sessionAs().network!, timeZone: 'America/New_York' } };
  expect(networkToday(new Date('2026-11-20T15:30:00Z'))).toBe('2026-11-20');
  expect(instant(undefined)).toBe('');
});

test('numbers of items and weights', () => {
  expect(items(1_234_567n)).toBe('1,234,567点');
  expect(weight(12_340n)).toBe('12.3 kg');
  expect(weight(1_234_500n)).toBe('1,235 kg');
  language.set('en');
  expect(items(1n)).toBe('1 item');
  expect(items(2n)).toBe('2 items');
});

test('the chosen language is remembered and goes before the person’s own', () => {
  language.suggest('en');
  expect(language.current).toBe('en');
  language.choose('ja');
  language.suggest('en');
  expect(t('signIn.title')).toBe('サインイン');
  expect(document.documentElement.lang).toBe('ja');
  expect(localStorage.getItem('kubari.language')).toBe('ja');
});
