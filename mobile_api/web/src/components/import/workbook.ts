// Excel workbooks (.xlsx) as text: numbers keep all their digits, days become 2027-03-31. Loaded when one is opened.
import readWorkbook from 'read-excel-file/universal';

import type { Sheet } from './table';

/** A number as Excel stores it, as a person would write it: no exponent, no trace of binary fractions. */
export function digits(stored: string): string {
  if (/^-?\d+$/.test(stored)) return stored;
  const value = Number(stored);
  if (!Number.isFinite(value)) return stored;
  return Number.isInteger(value) ? BigInt(value).toString() : String(Number(value.toPrecision(15)));
}

export async function readSheets(file: Blob): Promise<Sheet[]> {
  const sheets = await readWorkbook<string>(file, { parseNumber: digits });
  return sheets.map((sheet) => ({
    name: sheet.sheet,
    excel: true,
    rows: sheet.data.map((row) => row.map(textOf)),
  }));
}

function textOf(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  if (cell instanceof Date) return cell.toISOString().slice(0, 10);
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  return String(cell).trim();
}
