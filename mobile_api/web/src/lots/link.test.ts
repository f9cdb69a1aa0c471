import { expect, test } from 'vitest';

import { lotInDigitalLink } from './link';

test('a label leads to its lot', () => {
  expect(lotInDigitalLink('/01/09520000000004/10/7KQ2M9XP')).toBe('7KQ2M9XP');
  expect(lotInDigitalLink('/01/09520000000004/10/7kq2m9xp')).toBe('7KQ2M9XP');
  expect(lotInDigitalLink('/01/09520000000004')).toBeUndefined();
  expect(lotInDigitalLink('/lots/7KQ2M9XP')).toBeUndefined();
  expect(lotInDigitalLink('/01/09520000000004/10/L-0412/21/7')).toBeUndefined();
});
