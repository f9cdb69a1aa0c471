// Lists that people bring along: from bytes to rows, and from their columns to ours. Pure.
import type { Language } from '../../i18n/language.svelte';

export type InBoth = Record<Language, string>;

export interface Choice {
  /** What the service reads. */
  value: string;
  title: InBoth;
  /** Other words people use for it. */
  words?: string[];
}

/** A column that an import reads. */
export interface ImportColumn {
  /** Its name in the table that the service gets. */
  key: string;
  title: InBoth;
  /** Usual headings of the same in people's own lists. */
  aliases?: string[];
  required?: boolean;
  /** How to write it, in a sentence. */
  hint: InBoth;
  example: string;
  /** `day`: a calendar day; `month`: a day or a month. Excel's day numbers are read in both. */
  kind?: 'text' | 'day' | 'month';
  choices?: Choice[];
  /** The same for every row, unless the list has such a column. */
  same?: string;
  /** Helps people to know their rows; the service does not read it. */
  shownOnly?: boolean;
}

/** Where a column's cells come from. */
export type Source = { from: 'column'; index: number } | { from: 'same'; value: string } | { from: 'none' };

export interface Sheet {
  name: string;
  rows: string[][];
  /** Days stand as numbers in Excel; in CSV a number is a number. */
  excel: boolean;
}

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'shift_jis';

/** Text of a CSV file: by its byte order mark, else UTF-8 if it is that without fault, else Shift_JIS as Excel in Japan writes it. */
export function decode(bytes: Uint8Array): { text: string; encoding: Encoding; damaged: boolean } {
  const marks: [Encoding, number[]][] = [
    ['utf-8', [0xef, 0xbb, 0xbf]],
    ['utf-16le', [0xff, 0xfe]],
    ['utf-16be', [0xfe, 0xff]],
  ];
  const marked = marks.find(([, mark]) => mark.every((byte, index) => bytes[index] === byte))?.[0];
  for (const encoding of marked ? [marked] : (['utf-8', 'shift_jis'] as const)) {
    try {
      return { text: new TextDecoder(encoding, { fatal: true }).decode(bytes), encoding, damaged: false };
    } catch {
      // The next one, then.
    }
  }
  const encoding = marked ?? 'shift_jis';
  return { text: new TextDecoder(encoding).decode(bytes), encoding, damaged: true };
}

/** RFC 4180; the separator (comma, tab, semicolon) is the one that the first filled line has most of. */
export function parseCsv(text: string): string[][] {
  const separator = separatorOf(text);
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = text.charCodeAt(0) === 0xfeff ? 1 : 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') cell += text[++i];
      else quoted = false;
    } else if (c === '"' && cell.trim() === '') {
      cell = '';
      quoted = true;
    } else if (c === separator) {
      row.push(cell.trim());
      cell = '';
    } else if (c === '\n' || c === '\r') {
      if (c === '\r' && text[i + 1] === '\n') i++;
      row.push(cell.trim());
      rows.push(row);
      row = [];
      cell = '';
    } else {
      cell += c;
    }
  }
  if (cell !== '' || row.length > 0) rows.push([...row, cell.trim()]);
  return rows;
}

function separatorOf(text: string): string {
  const line = text.split(/[\r\n]+/).find((one) => one.trim() !== '') ?? '';
  const counts = [',', '\t', ';'].map((one) => [one, line.split(one).length] as const);
  return counts.reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

/** Headings are compared without width, case, blanks, marks like ＊ and what stands in brackets. */
export function fold(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/\(.*?\)|\[.*?\]|【.*?】/g, '')
    .replace(/[\s_・*※:.\-/]/g, '');
}

const namesOf = (column: ImportColumn) => [column.key, column.title.ja, column.title.en, ...(column.aliases ?? [])].map(fold);

/** Which column of the file stands for which of ours. A heading is used once; an exact name goes before a part of one. */
export function guess(header: string[], columns: ImportColumn[]): Record<string, Source> {
  const headings = header.map(fold);
  const taken = new Set<number>();
  const found: Record<string, Source> = {};
  const take = (fits: (heading: string, name: string) => boolean) => {
    for (const column of columns) {
      if (found[column.key]) continue;
      const index = headings.findIndex((heading, at) => heading !== '' && !taken.has(at) && namesOf(column).some((name) => fits(heading, name)));
      if (index < 0) continue;
      taken.add(index);
      found[column.key] = { from: 'column', index };
    }
  };
  take((heading, name) => heading === name);
  take((heading, name) => name.length >= 2 && heading.includes(name));
  for (const column of columns) found[column.key] ??= column.same === undefined ? { from: 'none' } : { from: 'same', value: column.same };
  return found;
}

/** The row, of the first twenty, that looks most like headings; 0 if none does. */
export function headerRow(rows: string[][], columns: ImportColumn[]): number {
  const known = new Set(columns.flatMap(namesOf));
  let best = 0;
  let most = 0;
  for (const [index, row] of rows.slice(0, 20).entries()) {
    const hits = row.filter((cell) => cell !== '' && known.has(fold(cell))).length;
    if (hits > most) [best, most] = [index, hits];
  }
  return best;
}

/** Excel counts days from 1899-12-30. */
export function dayOfSerial(serial: number): string {
  return new Date(Date.UTC(1899, 11, 30) + serial * 86_400_000).toISOString().slice(0, 10);
}

/** One cell as the service reads it: its words for choices, days for Excel's day numbers. */
export function normalise(text: string, column: ImportColumn, excel: boolean): string {
  if (column.choices) {
    const folded = fold(text);
    const choice = column.choices.find((one) => [one.value, one.title.ja, one.title.en, ...(one.words ?? [])].some((word) => fold(word) === folded));
    return choice && text !== '' ? choice.value : text;
  }
  // 1982 to 2119: no year and no six-digit date looks like that.
  if (excel && column.kind && column.kind !== 'text' && /^[3-7]\d{4}$/.test(text)) return dayOfSerial(Number(text));
  return text;
}

export interface Row {
  /** As the file counts: its first row is 1. */
  number: number;
  cells: string[];
}

/** The rows below the headings in our columns' order; blank ones are left out. */
export function build(sheet: Sheet, header: number, columns: ImportColumn[], sources: Record<string, Source>): Row[] {
  return sheet.rows.flatMap((row, index) => {
    if (index <= header || row.every((cell) => cell === '')) return [];
    const cells = columns.map((column) => {
      const source = sources[column.key];
      if (source.from === 'column') return normalise(row[source.index] ?? '', column, sheet.excel);
      return source.from === 'same' ? source.value : '';
    });
    return [{ number: index + 1, cells }];
  });
}

/** Every filled cell of the column is the first of a month: then a month may be what is meant. */
export function looksLikeMonths(rows: Row[], index: number): boolean {
  const filled = rows.map((row) => row.cells[index]).filter((cell) => cell !== '');
  return filled.length > 0 && filled.every((cell) => /^\d{4}-\d{2}-01$/.test(cell));
}
