// Lists that people bring along: what the service understood of them, and from their columns to ours. Pure.
import { TableColumnKind, type TableColumn, type TableReading } from '../../gen/kubari/type/v1/import_pb';
import type { Language } from '../../i18n/language.svelte';

export type InBoth = Record<Language, string>;

export interface Choice {
  /** What the service reads. */
  value: string;
  title: InBoth;
}

/** A column that an import reads, as the service tells it. */
export interface ImportColumn {
  /** Its name in the table that the service gets. */
  key: string;
  title: InBoth;
  required: boolean;
  /** How to write it, in a sentence. */
  hint: InBoth;
  example: string;
  kind: TableColumnKind;
  choices?: Choice[];
  /** The same for every row, unless the list has such a column. */
  same?: string;
}

/** Where a column's cells come from. */
export type Source = { from: 'column'; index: number } | { from: 'same'; value: string } | { from: 'none' };

export interface Row {
  /** As the file counts: its first row is 1. */
  number: number;
  cells: string[];
}

/** The contract's columns; `same` has what this page knows for every row. */
export function columnsOf(columns: TableColumn[], same: Record<string, string> = {}): ImportColumn[] {
  return columns.map((column) => ({
    key: column.name,
    title: { ja: column.titleJa || column.name, en: column.title || column.name },
    required: column.required,
    hint: { ja: column.hintJa, en: column.hint },
    example: column.example,
    kind: column.kind,
    choices:
      column.kind === TableColumnKind.CHOICE
        ? column.choices.map((choice) => ({ value: choice.value, title: { ja: choice.titleJa || choice.value, en: choice.title || choice.value } }))
        : undefined,
    same: same[column.name],
  }));
}

/** What the service took the file's columns for; the rest is the same for all rows, or not there. */
export function sourcesOf(reading: TableReading, columns: ImportColumn[]): Record<string, Source> {
  return Object.fromEntries(
    columns.map((column): [string, Source] => {
      const index = reading.columns.indexOf(column.key);
      if (index >= 0) return [column.key, { from: 'column', index }];
      return [column.key, column.same === undefined ? { from: 'none' } : { from: 'same', value: column.same }];
    }),
  );
}

const fold = (text: string) => text.normalize('NFKC').trim().toLowerCase();

/** A choice by its value where its title is written; everything else as it is. */
export function normalise(text: string, column: ImportColumn): string {
  if (!column.choices || text === '') return text;
  const folded = fold(text);
  const choice = column.choices.find((one) => [one.value, one.title.ja, one.title.en].some((word) => fold(word) === folded));
  return choice?.value ?? text;
}

/** The rows in our columns' order. */
export function build(reading: TableReading, columns: ImportColumn[], sources: Record<string, Source>): Row[] {
  return reading.firstRows.map((row) => ({
    number: row.number,
    cells: columns.map((column) => {
      const source = sources[column.key];
      if (source.from === 'column') return normalise(row.cells[source.index] ?? '', column);
      return source.from === 'same' ? source.value : '';
    }),
  }));
}

/** Every filled cell of the column is the first of a month: then a month may be what is meant. */
export function looksLikeMonths(rows: Row[], index: number): boolean {
  const filled = rows.map((row) => row.cells[index]).filter((cell) => cell !== '');
  return filled.length > 0 && filled.every((cell) => /^\d{4}-\d{2}-01$/.test(cell));
}
