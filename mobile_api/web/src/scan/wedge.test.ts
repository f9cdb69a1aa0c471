import { expect, test } from 'vitest';

import { Bursts } from './wedge';

const type = (bursts: Bursts, text: string, every: number, start = 0) =>
  [...text].forEach((key, index) => bursts.press({ key }, start + index * every));

test('a burst that ends with Enter is a code', () => {
  const bursts = new Bursts();
  type(bursts, '4006381333931', 8);
  expect(bursts.press({ key: 'Enter' }, 110)).toBe('4006381333931');
  // And only once.
  expect(bursts.press({ key: 'Enter' }, 120)).toBeUndefined();
});

test('what a hand types is none', () => {
  const bursts = new Bursts();
  type(bursts, '4006381333931', 150);
  expect(bursts.press({ key: 'Enter' }, 13 * 150)).toBeUndefined();
});

test('a burst after typing begins anew, and short ones are left alone', () => {
  const bursts = new Bursts();
  type(bursts, '24', 200);
  type(bursts, '96385074', 8, 2_000);
  expect(bursts.press({ key: 'Enter' }, 2_070)).toBe('96385074');
  type(bursts, '12', 8, 5_000);
  expect(bursts.press({ key: 'Enter' }, 5_030)).toBeUndefined();
  type(bursts, '96385074', 8, 7_000);
  expect(bursts.press({ key: 'Enter' }, 9_000)).toBeUndefined();
});

test('separators, capitals, and keys that an input method has taken', () => {
  const bursts = new Bursts();
  bursts.press({ key: '1' }, 0);
  bursts.press({ key: '0' }, 8);
  bursts.press({ key: 'Shift', shiftKey: true }, 12);
  bursts.press({ key: 'L', shiftKey: true }, 16);
  bursts.press({ key: 'Process', code: 'Digit7' }, 24);
  bursts.press({ key: 'Process', code: 'KeyA', shiftKey: true }, 32);
  bursts.press({ key: ']', ctrlKey: true }, 40);
  bursts.press({ key: '2' }, 48);
  expect(bursts.press({ key: 'Enter' }, 56)).toBe('10L7A\x1D2');
});
