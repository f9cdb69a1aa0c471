#!/usr/bin/env node
// Writes the example network's tables with dates that are valid today:
//
//   node ops/example/generate.mjs FOLDER [YYYY-MM-DD]
//
// The tables in base/ hold days counted from today in braces: {+45d} becomes a date, {+9m} a month ("2027-08"), and with ":ai" both take
// the form of a barcode's date, YYMMDD (day 00 for a month). Nothing else is changed, so the same day gives the same files.
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

const base = fileURLToPath(new URL('base/', import.meta.url));
mkdirSync(folder, { recursive: true });
for (const table of readdirSync(base).filter((name) => name.endsWith('.csv'))) {
  const text = readFileSync(base + table, 'utf8');
  const dated = text.replaceAll(/\{([+-]\d+)([dm])(:ai)?\}/g, (_, count, unit, form) => resolve(Number(count), unit, form));
  if (dated.includes('{')) throw new Error(`${table}: a date in braces cannot be read`);
  writeFileSync(`${folder}/${table}`, dated);
}
