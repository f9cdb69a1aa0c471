import { expect, test } from 'vitest';

import { local } from './local';

const rows = [
  { name: 'い', items: 9n },
  { name: 'あ', items: 10n },
  { name: 'う', items: 9n },
];
const ask = (orderBy: string, pageToken = '', pageSize = 2) => local(rows, { name: (row) => row.name, items: (row) => row.items })({ orderBy, pageToken, pageSize, signal: new AbortController().signal });
const names = async (...args: Parameters<typeof ask>) => (await ask(...args)).items.map((row) => row.name);

test('sorted both ways, equal rows as they came, page by page', async () => {
  expect(await names('name', '', 9)).toEqual(['あ', 'い', 'う']);
  expect(await names('items desc', '', 9)).toEqual(['あ', 'い', 'う']);
  expect(await names('items', '', 9)).toEqual(['い', 'う', 'あ']);
  expect(await names('', '', 9)).toEqual(['い', 'あ', 'う']);
  expect(await names('constructor', '', 9)).toEqual(['い', 'あ', 'う']);
  expect(await names('name')).toEqual(['あ', 'い']);
  const { next } = await ask('name');
  expect(await ask('name', next)).toMatchObject({ items: [{ name: 'う' }], next: '' });
});
