// Tables as files for spreadsheets: RFC 4180, UTF-8 with a byte order mark, as Excel needs to read Japanese.

/** One line for each row, the first with the titles. */
export function csv(titles: string[], rows: string[][]): Uint8Array {
  const lines = [titles, ...rows].map((cells) => cells.map(cell).join(',') + '\r\n');
  return new TextEncoder().encode('\ufeff' + lines.join(''));
}

/** A spreadsheet runs what begins like a formula, also what somebody else wrote into a name: an apostrophe makes it text. Numbers stay. */
function cell(text: string): string {
  const isNumber = /^[+-]?[0-9]+([.,][0-9]+)*$/.test(text);
  const safe = /^[=+\-@\t\r]/.test(text) && !isNumber ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
