#!/usr/bin/env node
// Writes the example network's tables with dates that are valid today:
//
//   node ops/example/generate.mjs FOLDER [YYYY-MM-DD]
//
// The tables in base/ hold days counted from today in braces: {+45d} becomes a date, {+9m} a month ("2027-08"), and with ":ai" both take
// the form of a barcode's date, YYMMDD (day 00 for a month). Nothing else is changed, so the same day gives the same files. Tables come as they
// do from people: products as a spreadsheet (.xlsx), donors as CSV in Shift_JIS, the others as CSV in UTF-8.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [folder, given] = process.argv.slice(2);
const inTokyo = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Tokyo' }).format(new Date());
const today = new Date(`${given ?? inTokyo}T00:00:00Z`);
if (!folder || Number.isNaN(today.getTime())) {
  console.error('usage: node ops/example/generate.mjs FOLDER [YYYY-MM-DD]');
  process.exit(2);
}

function resolve(count, unit, form) {
  const date = new Date(today);
  if (unit === 'd') {
    date.setUTCDate(date.getUTCDate() + count);
  } else {
    date.setUTCMonth(date.getUTCMonth() + count, 1);
  }
  const text = date.toISOString().slice(0, unit === 'd' ? 10 : 7);
  return form ? (text + (unit === 'd' ? '' : '-00')).replaceAll('-', '').slice(2) : text;
}

/** As Windows in Japan writes text. The table is the decoder's, read backwards. */
function shiftJis(text) {
  const decoder = new TextDecoder('shift_jis');
  const bytes = new Map();
  for (let lead = 0x81; lead <= 0xfc; lead++) {
    for (let trail = 0x40; trail <= 0xfc; trail++) {
      const character = decoder.decode(Uint8Array.of(lead, trail));
      if (character.length === 1 && !bytes.has(character)) bytes.set(character, [lead, trail]);
    }
  }
  for (let one = 0xa1; one <= 0xdf; one++) bytes.set(decoder.decode(Uint8Array.of(one)), [one]);
  return Buffer.from(
    [...text].flatMap((character) => {
      const code = character.codePointAt(0);
      const found = code < 0x80 ? [code] : bytes.get(character);
      if (!found) throw new Error(`${character} cannot be written in Shift_JIS`);
      return found;
    }),
  );
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** A zip archive without compression, of the first of January 1980. */
function zip(files) {
  const parts = [];
  const directory = [];
  let at = 0;
  for (const [name, text] of files) {
    const content = Buffer.from(text);
    const about = Buffer.alloc(26);
    about.writeUInt16LE(20, 0);
    about.writeUInt16LE(33, 8);
    about.writeUInt32LE(crc32(content), 10);
    about.writeUInt32LE(content.length, 14);
    about.writeUInt32LE(content.length, 18);
    about.writeUInt16LE(Buffer.byteLength(name), 22);
    const where = Buffer.alloc(14);
    where.writeUInt32LE(at, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), about, where, Buffer.from(name));
    const local = [Buffer.from('PK\x03\x04', 'latin1'), about, Buffer.from(name), content];
    parts.push(...local);
    at += local.reduce((sum, one) => sum + one.length, 0);
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.reduce((sum, one) => sum + one.length, 0), 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

/** The smallest spreadsheet that programs open: one sheet of text. The base tables have no quoted cells. */
function xlsx(name, csv) {
  const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
  const rows = csv.trimEnd().split(/\r?\n/).map((line) => `<row>${line.split(',').map((cell) => `<c t="inlineStr"><is><t>${escape(cell)}</t></is></c>`).join('')}</row>`);
  const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
  const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const packages = 'http://schemas.openxmlformats.org/package/2006';
  const type = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
  return zip([
    ['[Content_Types].xml', `${head}<Types xmlns="${packages}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${type}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${type}.worksheet+xml"/></Types>`],
    ['_rels/.rels', `${head}<Relationships xmlns="${packages}/relationships"><Relationship Id="rId1" Type="${office}/officeDocument" Target="xl/workbook.xml"/></Relationships>`],
    ['xl/workbook.xml', `${head}<workbook xmlns="${main}" xmlns:r="${office}"><sheets><sheet name="${escape(name)}" sheetId="1" r:id="rId1"/></sheets></workbook>`],
    ['xl/_rels/workbook.xml.rels', `${head}<Relationships xmlns="${packages}/relationships"><Relationship Id="rId1" Type="${office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`],
    ['xl/worksheets/sheet1.xml', `${head}<worksheet xmlns="${main}"><sheetData>${rows.join('')}</sheetData></worksheet>`],
  ]);
}

const base = fileURLToPath(new URL('base/', import.meta.url));
mkdirSync(folder, { recursive: true });
for (const table of readdirSync(base).filter((name) => name.endsWith('.csv'))) {
  const text = readFileSync(base + table, 'utf8');
  const dated = text.replaceAll(/\{([+-]\d+)([dm])(:ai)?\}/g, (_, count, unit, form) => resolve(Number(count), unit, form));
  if (dated.includes('{')) throw new Error(`${table}: a date in braces cannot be read`);
  if (table === 'products.csv') writeFileSync(`${folder}/products.xlsx`, xlsx('products', dated));
  else writeFileSync(`${folder}/${table}`, table === 'donors.csv' ? shiftJis(dated) : dated);
}
