import { expect, test } from 'vitest';

import { inParts } from './parts';

test.each([0, 1, 3, 4, 10])('%i bytes in parts of three', async (size) => {
  const all = Uint8Array.from({ length: size }, (_, index) => index);
  const asked: bigint[] = [];
  const whole = await inParts(async (offset) => {
    asked.push(offset);
    return { bytes: all.slice(Number(offset), Number(offset) + 3), total: BigInt(size) };
  });
  expect(whole).toEqual(all);
  expect(asked.length).toBe(Math.max(1, Math.ceil(size / 3)));
});

test('a source that ends too early does not go on for ever', async () => {
  expect(await inParts(async () => ({ bytes: new Uint8Array(), total: 9n }))).toEqual(new Uint8Array());
});
