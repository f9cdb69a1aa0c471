import { expect, test } from 'vitest';

import { split, total } from './amount';

test('cases and loose items add up; what is no quantity is none', () => {
  expect(total({ cases: 2, perCase: 24, loose: 3 })).toBe(51);
  expect(total({ cases: null, perCase: 24, loose: 3 })).toBe(3);
  expect(total({ cases: null, perCase: null, loose: null })).toBe(0);
  for (const wrong of [{ cases: -1, perCase: 24, loose: 0 }, { cases: 1.5, perCase: 24, loose: 0 }, { cases: 1, perCase: 0, loose: 0 }, { cases: 1_000_000, perCase: 1_000, loose: 0 }, { cases: NaN, perCase: 1, loose: 0 }])
    expect(total(wrong)).toBeUndefined();
});

test('a quantity falls into cases', () => {
  expect(split(51, 24)).toEqual({ cases: 2, perCase: 24, loose: 3 });
  expect(split(5, 1)).toEqual({ cases: 0, perCase: 1, loose: 5 });
});
