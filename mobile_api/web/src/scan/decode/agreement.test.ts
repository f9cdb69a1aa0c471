import { expect, test } from 'vitest';

import { Agreement } from './agreement';

test('one read is not enough, two alike are', () => {
  const agreement = new Agreement();
  expect(agreement.see('A', 0)).toBe(false);
  expect(agreement.see('A', 100)).toBe(true);
});

test('reads that differ, and reads that lie apart, do not add up', () => {
  const agreement = new Agreement();
  expect(agreement.see('A', 0)).toBe(false);
  expect(agreement.see('B', 100)).toBe(false);
  expect(agreement.see('A', 200)).toBe(false);
  expect(agreement.see('A', 5_000)).toBe(false);
  expect(agreement.see('A', 5_100)).toBe(true);
});

test('a code counts once while it stays before the camera, and again after it was away', () => {
  const agreement = new Agreement();
  agreement.see('A', 0);
  expect(agreement.see('A', 100)).toBe(true);
  for (let now = 200; now < 10_000; now += 500) expect(agreement.see('A', now)).toBe(false);
  expect(agreement.see('A', 20_000)).toBe(false);
  expect(agreement.see('A', 20_100)).toBe(true);
});

test('the next code does not wait for the one before', () => {
  const agreement = new Agreement();
  agreement.see('A', 0);
  agreement.see('A', 100);
  expect(agreement.see('B', 200)).toBe(false);
  expect(agreement.see('B', 300)).toBe(true);
  // A was seen last at 100.
  expect(agreement.see('A', 400)).toBe(false);
  expect(agreement.see('A', 500)).toBe(false);
});
