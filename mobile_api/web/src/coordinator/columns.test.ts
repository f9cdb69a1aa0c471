import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { donorColumns, groupColumns, productColumns, warehouseColumns } from './columns';

// The contract's comments name each import's columns, those that are needed with a "*".
const contract = (file: string, rpc: string) => {
  const text = readFileSync(`../../proto/kubari/${file}`, 'utf8');
  const comment = text.slice(0, text.indexOf(`rpc ${rpc}(`)).split(/\n\s*\n|\n {2}\}/).at(-1)!;
  const list = comment.slice(comment.indexOf('olumns')).replace(/^[^:.]*[:.]/, '').replace(/\n\s*\/\//g, ' ').replace(/\([^)]*\)/g, '');
  return new Map([...list.matchAll(/\b([a-z_]+)(\*?)(?=\s*[,.]|\s*$)/g)].map(([, key, star]) => [key, star === '*']));
};

test.each([
  ['donors', donorColumns, contract('donors/v1/donors.proto', 'ImportDonors')],
  ['groups', groupColumns, contract('groups/v1/groups.proto', 'ImportGroups')],
  ['products', productColumns, contract('stock/v1/stock.proto', 'ImportProducts')],
  ['warehouses', warehouseColumns, contract('stock/v1/stock.proto', 'ImportWarehouses')],
])('%s: the columns are those of the contract, needed where it says so', (_, columns, expected) => {
  expect(columns.map((column) => column.key).sort()).toEqual([...expected.keys()].sort());
  for (const column of columns) expect(column.required ?? false, column.key).toBe(expected.get(column.key));
});
