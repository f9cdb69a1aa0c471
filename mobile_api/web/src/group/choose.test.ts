import { describe, expect, it } from 'vitest';

import { exact, shares } from '../lists/shares';
import { left, milliShares, percent, step } from './choose';

const due = (ms: number) => ({ $typeName: 'google.protobuf.Timestamp' as const, seconds: BigInt(Math.floor(ms / 1000)), nanos: 0 });

describe('the time that is left', () => {
  it.each([
    [0, 'over', 0],
    [-5_000, 'over', 0],
    [1_000, 'minutes', 1],
    [119 * 60_000, 'minutes', 119],
    [120 * 60_000, 'hours', 2],
    [47 * 3_600_000, 'hours', 47],
    [48 * 3_600_000, 'days', 2],
    [100 * 3_600_000, 'days', 4],
  ])('%d ms are %s %d', (ms, unit, n) => {
    expect(left(due(1_800_000_000_000 + ms), 1_800_000_000_000)).toEqual({ unit, n });
  });
});

describe('whole cases', () => {
  it('go up and down by one, between the smallest quantity and the most', () => {
    expect(step(10n, 1, 10n, 45n, 0n)).toBe(20n);
    expect(step(40n, 1, 10n, 45n, 0n)).toBe(45n);
    expect(step(45n, -1, 10n, 45n, 0n)).toBe(40n);
    expect(step(10n, -1, 10n, 45n, 0n)).toBe(10n);
    expect(step(30n, -1, 10n, 45n, 25n)).toBe(30n);
    expect(step(5n, 1, 10n, 5n, 0n)).toBe(5n);
    expect(step(3n, 1, 0n, 9n, 0n)).toBe(4n);
  });
});

describe('shares', () => {
  it('are told without needless zeros, and read exactly', () => {
    expect(shares(12_500n)).toBe('12.5');
    expect(shares(-70n)).toBe('-0.07');
    expect(exact(12_500n)).toBe('12.5');
    expect(exact(-70n)).toBe('-0.07');
    expect(exact(1_000_000n)).toBe('1000');
    expect(milliShares(0.1)).toBe(100n);
    expect(milliShares(-1.5)).toBe(-1500n);
    expect(milliShares(undefined)).toBeUndefined();
  });
  it('a bar is never more than full', () => {
    expect(percent(5n, 10n)).toBe(50);
    expect(percent(15n, 10n)).toBe(100);
    expect(percent(0n, 0n)).toBe(0);
    expect(percent(1n, 0n)).toBe(100);
  });
});
