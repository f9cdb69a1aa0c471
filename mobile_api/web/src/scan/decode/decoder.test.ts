import { afterEach, expect, test, vi } from 'vitest';

import { platformDecoder } from './decoder';

const all = ['ean_13', 'ean_8', 'upc_a', 'upc_e', 'itf', 'code_128', 'data_matrix', 'qr_code', 'aztec'];
const image = { width: 100, height: 100 } as ImageData;

function platform(formats: string[], found: { format: string; rawValue: string; boundingBox: object }[] = []) {
  vi.stubGlobal(
    'BarcodeDetector',
    class {
      static getSupportedFormats = () => Promise.resolve(formats);
      detect = () => Promise.resolve(found);
    },
  );
}
afterEach(() => vi.unstubAllGlobals());

test('the platform reads if it knows every format, else it is left alone', async () => {
  expect(await platformDecoder()).toBeUndefined();
  platform(all.filter((format) => format !== 'data_matrix'));
  expect(await platformDecoder()).toBeUndefined();
  platform(all);
  expect((await platformDecoder())?.name).toBe('platform');
});

test('a platform that has the class and no service behind it is left alone', async () => {
  vi.stubGlobal('BarcodeDetector', class { static getSupportedFormats = () => Promise.reject(new Error('no service')); });
  expect(await platformDecoder()).toBeUndefined();
});

test('what it reads comes with its symbology, nearest to the middle first', async () => {
  platform(all, [
    { format: 'itf', rawValue: '19520010000121', boundingBox: { x: 0, y: 0, width: 10, height: 10 } },
    { format: 'code_128', rawValue: '0109520010000124', boundingBox: { x: 60, y: 60, width: 20, height: 20 } },
    { format: 'ean_13', rawValue: '9520010000124', boundingBox: { x: 45, y: 45, width: 10, height: 10 } },
    { format: 'ean_8', rawValue: '96385074', boundingBox: { x: 90, y: 0, width: 10, height: 10 } },
  ]);
  const codes = await (await platformDecoder())!.read(image);
  expect(codes).toEqual([']E09520010000124', '0109520010000124', expect.stringMatching(/^\]E496385074$|^\]I119520010000121$/), expect.any(String)]);
});
