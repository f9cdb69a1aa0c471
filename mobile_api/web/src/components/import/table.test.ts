import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';

import { TableColumnKind, TableColumnSchema, TableReadingSchema } from '../../gen/kubari/type/v1/import_pb';
import { build, columnsOf, looksLikeMonths, normalise, sourcesOf } from './table';

const columns = columnsOf(
  [
    create(TableColumnSchema, { name: 'barcode', title: 'Barcode', titleJa: 'バーコード', required: true, kind: TableColumnKind.TEXT }),
    create(TableColumnSchema, { name: 'zone', titleJa: '温度帯', kind: TableColumnKind.CHOICE, choices: [{ value: 'ambient', title: 'Ambient', titleJa: '常温' }] }),
    create(TableColumnSchema, { name: 'code', kind: TableColumnKind.TEXT }),
    create(TableColumnSchema, { name: 'tags', kind: TableColumnKind.CHOICES, choices: [{ value: 'care_food' }] }),
  ],
  { code: 'A-1' },
);

test('columns are what the contract says, with what the page knows', () => {
  expect(columns[0]).toMatchObject({ key: 'barcode', title: { ja: 'バーコード', en: 'Barcode' }, required: true, same: undefined });
  expect(columns[2]).toMatchObject({ title: { ja: 'code', en: 'code' }, same: 'A-1' });
  expect(columns[3].choices, 'several in a cell are text').toBeUndefined();
});

test('rows come in our order, with choices by value', () => {
  const reading = create(TableReadingSchema, {
    headers: ['温度', 'JAN', 'x'],
    columns: ['zone', 'barcode', ''],
    firstRows: [
      { number: 3, cells: ['常温', '9520000000019', 'y'] },
      { number: 5, cells: ['冷暗所', '', ''] },
    ],
  });
  const sources = sourcesOf(reading, columns);
  expect(sources).toEqual({ barcode: { from: 'column', index: 1 }, zone: { from: 'column', index: 0 }, code: { from: 'same', value: 'A-1' }, tags: { from: 'none' } });
  expect(build(reading, columns, sources)).toEqual([
    { number: 3, cells: ['9520000000019', 'ambient', 'A-1', ''] },
    { number: 5, cells: ['', '冷暗所', 'A-1', ''] },
  ]);
  expect(normalise('ＡＭＢＩＥＮＴ', columns[1])).toBe('ambient');
});

test('a column in which every day is the first asks whether months are meant', () => {
  const row = (cell: string) => ({ number: 2, cells: [cell] });
  expect(looksLikeMonths([row('2027-03-01'), row(''), row('2027-04-01')], 0)).toBe(true);
  expect(looksLikeMonths([row('2027-03-01'), row('2027-03-15')], 0)).toBe(false);
  expect(looksLikeMonths([row('')], 0)).toBe(false);
});
