import { afterEach, expect, test } from 'vitest';

import { language } from '../i18n/language.svelte';
import { lineReason } from './lineReason';

afterEach(() => language.set('ja'));

test('codes are told in words, with the note that came along', () => {
  expect(lineReason('NO_SPACE')).toBe('置く場所がない');
  expect(lineReason('NO_SPACE: 冷凍庫が故障')).toBe('置く場所がない：冷凍庫が故障');
  expect(lineReason('VOIDED')).toBe('引当の取り消し');
  language.set('en');
  expect(lineReason('OTHER: closed')).toBe('Other: closed');
  expect(lineReason('REVERSED')).toBe('The issue was reversed');
});

test('of a refusal in both languages the one that is read', () => {
  const reason = 'INSUFFICIENT_STOCK: 在庫が足りません。 / Lot K7 has 3 free.';
  expect(lineReason(reason)).toBe('在庫が足りません。');
  language.set('en');
  expect(lineReason(reason)).toBe('Lot K7 has 3 free.');
});

test('what a person wrote stays as it is', () => {
  for (const text of ['', '残りは来週のイベントに使う', 'For the summer camp: 20', 'SOMETHING_NEW']) expect(lineReason(text)).toBe(text);
});
