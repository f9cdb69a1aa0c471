import bwipjs from 'bwip-js/node';
import { expect, test } from 'vitest';

import { checkDigitHolds } from '../../scan/code';
import { ean13 } from './ean13';
import { CURRY_GTIN, RICE_GTIN, TEA_GTIN } from './warehouse';

// Widths of bars and spaces in turn, as another library draws them.
function widths(modules: string): number[] {
  return (modules.match(/1+|0+/g) ?? []).map((run) => run.length);
}

test.each([RICE_GTIN, CURRY_GTIN, TEA_GTIN, '04901234567894', '09780201379624'])('%s is drawn as other encoders draw it', (gtin) => {
  expect(checkDigitHolds(gtin)).toBe(true);
  const digits = gtin.slice(1);
  const raw = bwipjs.raw({ bcid: 'ean13', text: digits }) as unknown as [{ sbs: number[] }];
  expect(widths(ean13(digits))).toEqual([...raw[0].sbs]);
});
