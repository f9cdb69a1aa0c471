import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test, vi } from 'vitest';

import { xlsx } from './xlsx';

// jsdom has bytes of its own, which Node's encoder does not make.
vi.stubGlobal('Uint8Array', new TextEncoder().encode('').constructor);

// Read by a program that shares nothing with the writer: cells as [place, kind, text], and the name of the sheet.
const READ = `
import json, sys, xml.etree.ElementTree as E, zipfile
z = zipfile.ZipFile(sys.argv[1])
m = '{http://schemas.openxmlformats.org/spreadsheetml/2006/main}'
cells = [[c.get('r'), c.get('t', 'n'), ''.join(c.itertext())] for c in E.fromstring(z.read('xl/worksheets/sheet1.xml')).iter(m + 'c')]
print(json.dumps({'cells': cells, 'sheet': E.fromstring(z.read('xl/workbook.xml')).find('.//' + m + 'sheet').get('name')}))`;
function read(bytes: Uint8Array): { cells: string[][]; sheet: string } {
  const folder = mkdtempSync(join(tmpdir(), 'xlsx-'));
  try {
    writeFileSync(join(folder, 'table.xlsx'), bytes);
    return JSON.parse(execFileSync('python3', ['-c', READ, join(folder, 'table.xlsx')]).toString('utf8')) as { cells: string[][]; sheet: string };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('numbers are numbers, all else is text, formulas too', async () => {
  const bytes = await xlsx('団体/一覧', ['名前', '点'], [['=1+1 <"&', 1234n], ['0123', 5], ['', 12345678901234567890n]]);
  const { cells, sheet } = read(bytes);
  expect(cells).toEqual([
    ['A1', 'inlineStr', '名前'],
    ['B1', 'inlineStr', '点'],
    ['A2', 'inlineStr', '=1+1 <"&'],
    ['B2', 'n', '1234'],
    ['A3', 'inlineStr', '0123'],
    ['B3', 'n', '5'],
    ['B4', 'inlineStr', '12345678901234567890'],
  ]);
  expect(sheet).toBe('団体 一覧');
});
