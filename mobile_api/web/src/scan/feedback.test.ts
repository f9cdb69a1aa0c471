import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { feedback, soundOn, switchSound } from './feedback';

const vibrate = vi.fn();
beforeEach(() => {
  vibrate.mockClear();
  Object.defineProperty(navigator, 'vibrate', { value: vibrate, configurable: true });
});
afterEach(() => Reflect.deleteProperty(navigator, 'vibrate'));

test('a code that is good and whose goods are not sounds bad, once', async () => {
  feedback('good');
  feedback('bad');
  await Promise.resolve();
  expect(vibrate.mock.calls).toEqual([[[80, 60, 80]]]);
});

test('a good one sounds good; switched off, nothing does, and that is remembered', async () => {
  feedback('good');
  await Promise.resolve();
  expect(vibrate.mock.calls).toEqual([[60]]);
  switchSound(false);
  feedback('good');
  feedback('bad');
  await Promise.resolve();
  expect(vibrate).toHaveBeenCalledTimes(1);
  expect(soundOn()).toBe(false);
});
