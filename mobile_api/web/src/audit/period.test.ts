import { expect, test } from 'vitest';

import { parsePeriod, periodOf, periodText, step, yearBefore, type PeriodKind } from './period';

const TODAY = '2026-11-21';

test.each([
  ['2026', '2026-04-01', '2027-03-31'],
  ['2027-q4', '2028-01-01', '2028-03-31'],
  ['2026-q1', '2026-04-01', '2026-06-30'],
  ['2028-02', '2028-02-01', '2028-02-29'],
  ['2026-12', '2026-12-01', '2026-12-31'],
  ['2026-04-05..2026-11-21', '2026-04-05', '2026-11-21'],
  ['2026-04-05..', '2026-04-05', ''],
  ['..2026-04-05', '', '2026-04-05'],
  ['all', '', ''],
])('%s is from %s to %s, and written so again', (text, from, to) => {
  const period = parsePeriod(text, TODAY);
  expect([period.from, period.to]).toEqual([from, to]);
  expect(periodText(period)).toBe(text);
});

test.each(['', '2026-q5', '2026-13', '..', 'x', '<script>'])('%j is the fiscal year of today', (text) => {
  expect(periodText(parsePeriod(text, TODAY))).toBe('2026');
  expect(periodText(parsePeriod(text, '2027-03-31'))).toBe('2026');
  expect(periodText(parsePeriod(text, '2027-04-01'))).toBe('2027');
});

test.each([
  ['2026-04-01', '2026', '2026-q1', '2026-04'],
  ['2026-09-30', '2026', '2026-q2', '2026-09'],
  ['2026-12-31', '2026', '2026-q3', '2026-12'],
  ['2027-01-01', '2026', '2026-q4', '2027-01'],
  ['2027-03-31', '2026', '2026-q4', '2027-03'],
])('%s lies in %s, %s and %s', (day, ...expected) => {
  expect((['year', 'quarter', 'month'] as PeriodKind[]).map((kind) => periodText(periodOf(kind, day)))).toEqual(expected);
});

test.each([
  ['2026', '2025', '2027', '2025'],
  ['2026-q1', '2025-q4', '2026-q2', '2025-q1'],
  ['2026-q4', '2026-q3', '2027-q1', '2025-q4'],
  ['2026-01', '2025-12', '2026-02', '2025-01'],
  ['2026-12', '2026-11', '2027-01', '2025-12'],
  ['2026-11-01..2026-11-10', '2026-10-22..2026-10-31', '2026-11-11..2026-11-20', '2025-11-01..2025-11-10'],
  ['2028-02-29..2028-02-29', '2028-02-28..2028-02-28', '2028-03-01..2028-03-01', '2027-02-28..2027-02-28'],
  ['2026-11-01..', '2026-11-01..', '2026-11-01..', '2025-11-01..'],
  ['all', 'all', 'all', 'all'],
])('before, after and a year before %s: %s, %s, %s', (text, before, after, year) => {
  const period = parsePeriod(text, TODAY);
  expect([step(period, -1), step(period, 1), yearBefore(period)].map(periodText)).toEqual([before, after, year]);
  expect(periodText(step(step(period, -7), 7))).toBe(text);
});
