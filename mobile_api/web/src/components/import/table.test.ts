import { expect, test } from 'vitest';

import { csv } from '../csv';
import { build, decode, fold, guess, headerRow, looksLikeMonths, normalise, parseCsv, type ImportColumn } from './table';
import { digits } from './workbook';

const text = { ja: '', en: '' };
const columns: ImportColumn[] = [
  { key: 'barcode', title: { ja: 'バーコード', en: 'Barcode' }, aliases: ['JAN', 'JANコード'], required: true, hint: text, example: '' },
  { key: 'cases', title: { ja: 'ケース数', en: 'Cases' }, aliases: ['数量'], required: true, hint: text, example: '' },
  { key: 'date', title: { ja: '期限', en: 'Date' }, aliases: ['賞味期限'], kind: 'month', hint: text, example: '' },
  { key: 'lot', title: { ja: 'ロット番号', en: 'Lot' }, hint: text, example: '' },
  { key: 'zone', title: { ja: '温度帯', en: 'Zone' }, choices: [{ value: 'ambient', title: { ja: '常温', en: 'Ambient' }, words: ['ドライ'] }], same: 'ambient', hint: text, example: '' },
];

test('text is read as UTF-8, with or without its mark, as UTF-16, and as Shift_JIS', () => {
  const japanese = '品名,数量';
  expect(decode(new TextEncoder().encode(japanese))).toEqual({ text: japanese, encoding: 'utf-8', damaged: false });
  expect(decode(new Uint8Array([0xef, 0xbb, 0xbf, ...new TextEncoder().encode(japanese)])).text).toBe(japanese);
  // 品名 in Shift_JIS and in UTF-16.
  expect(decode(new Uint8Array([0x95, 0x69, 0x96, 0xbc]))).toEqual({ text: '品名', encoding: 'shift_jis', damaged: false });
  expect(decode(new Uint8Array([0xff, 0xfe, 0xc1, 0x54, 0x0d, 0x54]))).toEqual({ text: '品名', encoding: 'utf-16le', damaged: false });
  expect(decode(new Uint8Array([0x95, 0xff, 0xff])).damaged).toBe(true);
});

test('CSV as RFC 4180 says, with tabs and semicolons too', () => {
  expect(parseCsv('a,b\r\n"1,2","say ""hi"""\n\n"two\nlines",\r3,4')).toEqual([['a', 'b'], ['1,2', 'say "hi"'], [''], ['two\nlines', ''], ['3', '4']]);
  expect(parseCsv('a\tb,c\td\n1\t2\t3')).toEqual([['a', 'b,c', 'd'], ['1', '2', '3']]);
  expect(parseCsv('a;b\n1;2\n')).toEqual([['a', 'b'], ['1', '2']]);
  expect(parseCsv('')).toEqual([]);
});

test('what we write ourselves can be read again', () => {
  const rows = [['a,"b"', 'line\nbreak'], ['9520000000019', '-5']];
  expect(parseCsv(decode(csv(['品名', 'x'], rows)).text)).toEqual([['品名', 'x'], ...rows]);
});

test('headings of people’s own lists find their columns', () => {
  const header = ['No.', '商品名', 'ＪＡＮコード', '数量（ケース）', '賞味期限※', 'LOT'];
  expect(guess(header, columns)).toEqual({
    barcode: { from: 'column', index: 2 },
    cases: { from: 'column', index: 3 },
    date: { from: 'column', index: 4 },
    lot: { from: 'column', index: 5 },
    zone: { from: 'same', value: 'ambient' },
  });
  expect(guess(['x'], columns).lot).toEqual({ from: 'none' });
  expect(fold('【必須】ケース 数（箱）')).toBe('ケース数');
});

test('headings may stand below a title', () => {
  expect(headerRow([['寄付品リスト', ''], ['', ''], ['JAN', '数量'], ['9520000000019', '3']], columns)).toBe(2);
  expect(headerRow([['a', 'b']], columns)).toBe(0);
});

test('cells become what the service reads; blank rows go, row numbers stay', () => {
  const sheet = { name: '', excel: true, rows: [['JAN', '数量', '期限'], ['9520000000019', '3', '46477'], ['', '', ''], ['9520000000026', '4', '2027-03']] };
  const rows = build(sheet, 0, columns, guess(sheet.rows[0], columns));
  expect(rows).toEqual([
    { number: 2, cells: ['9520000000019', '3', '2027-03-31', '', 'ambient'] },
    { number: 4, cells: ['9520000000026', '4', '2027-03', '', 'ambient'] },
  ]);
  expect(normalise('46477', columns[2], false)).toBe('46477');
  expect(normalise('ﾄﾞﾗｲ', columns[4], true)).toBe('ambient');
  expect(normalise('冷暗所', columns[4], true)).toBe('冷暗所');
});

test('a column in which every day is the first asks whether months are meant', () => {
  const row = (cell: string) => ({ number: 2, cells: [cell] });
  expect(looksLikeMonths([row('2027-03-01'), row(''), row('2027-04-01')], 0)).toBe(true);
  expect(looksLikeMonths([row('2027-03-01'), row('2027-03-15')], 0)).toBe(false);
  expect(looksLikeMonths([row('')], 0)).toBe(false);
});

test('numbers of a workbook keep their digits', () => {
  expect(digits('9520000000019')).toBe('9520000000019');
  expect(digits('9.520000000019E+12')).toBe('9520000000019');
  expect(digits('0.30000000000000004')).toBe('0.3');
  expect(digits('12.5')).toBe('12.5');
});
