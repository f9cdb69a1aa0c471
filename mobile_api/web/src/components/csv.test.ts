import { expect, test } from 'vitest';

import { csv } from './csv';

const text = (bytes: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

test('titles, rows, a byte order mark, CRLF at the end of each line', () => {
  expect(text(csv(['品名', '在庫'], [['ごはん', '12']]))).toBe('\ufeff品名,在庫\r\nごはん,12\r\n');
});

test('commas, quotation marks and line breaks are quoted', () => {
  expect(text(csv(['a'], [['1,2'], ['say "hi"'], ['two\nlines'], ['']]))).toBe('\ufeffa\r\n"1,2"\r\n"say ""hi"""\r\n"two\nlines"\r\n\r\n');
});

test.each([
  ['=1+1', "'=1+1"],
  ['+81-3', "'+81-3"],
  ['-cmd', "'-cmd"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\tx', "'\tx"],
  ['-12', '-12'],
  ['-1,234', '"-1,234"'],
  ['+0.5', '+0.5'],
])('%j cannot become a formula', (value, expected) => {
  expect(text(csv(['a'], [[value]]))).toBe(`\ufeffa\r\n${expected}\r\n`);
});
