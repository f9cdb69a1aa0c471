// What a barcode says, read without the network: item numbers, GS1 element strings, GS1 Digital Links, the lots' own codes, and the
// addresses that the app itself prints. The services' reader (libs/gs1) stays the judge and knows every rule of every identifier; this one
// knows what a phone needs in order to go on without signal, by the same rules, and passes over the rest.
//
// Sections are those of the GS1 General Specifications: "Element strings with predefined length using GS1 Application Identifiers", "Check digit
// calculations for GS1 keys", "Determination of century in dates". Own code, as no kept library of npm reads element strings without guessing
// separators.
import type { MessageInitShape } from '@bufbuild/protobuf';

import { DateKind, type GoodUntilSchema } from '../gen/kubari/type/v1/food_pb';

export interface Code {
  /** As it was read, for the server. */
  raw: string;
  /** 14 digits: of the item or its case (01), or of what a logistic unit holds (02). */
  gtin?: string;
  /** Eight characters with a good check character, which a lot may carry. It may be a donor's own number as well: whoever looks it up knows. */
  lotCode?: string;
  /** (10) */
  donorLotNumber?: string;
  /** (17), else the day of (7003), else (15). */
  goodUntil?: MessageInitShape<typeof GoodUntilSchema>;
  /** (37): how many of them a logistic unit holds; else (30). */
  count?: number;
  /** (00), 18 digits. */
  sscc?: string;
  /** Addresses that the app prints: deliveries/{uuid} of a delivery sheet, an invite's code. */
  delivery?: string;
  invite?: string;
}

export type Misread =
  /** Nothing there. */
  | 'empty'
  /** A digit was misread or mistyped. */
  | 'checkDigit'
  /** Not a code of goods. */
  | 'unknown'
  /** A date that no calendar has. */
  | 'date';

export type Reading = { code: Code; wrong?: undefined } | { code?: undefined; wrong: Misread };

const FNC1 = '\x1D';
// Symbology identifiers (ISO/IEC 15424) after which an element string follows: GS1-128, DataMatrix, QR, DotCode, DataBar, Composite.
const elementSymbols = new Set([']C1', ']d2', ']Q3', ']J1', ']e0', ']e1', ']e2']);
const MAX_INPUT = 2000;

/** `year`: the current one, which settles the century of two digits: 49 years back to 50 ahead. */
export function readCode(raw: string, year: number = new Date().getFullYear()): Reading {
  let text = raw.slice(0, MAX_INPUT).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');
  if (!text) return { wrong: 'empty' };

  const symbol = /^\][A-Za-z]./.exec(text)?.[0];
  if (symbol) text = text.slice(3);
  if (/^https?:\/\//i.test(text)) return readAddress(raw, text, year);

  const lotCode = readLotCode(text);
  let found: Reading;
  if (symbol && elementSymbols.has(symbol)) found = readElements(raw, text, year);
  else if (text.startsWith('(')) found = readBrackets(raw, text, year);
  // Some scanners and platforms leave the symbology identifier out, and the first FNC1 too.
  else if (text.includes(FNC1) || (text.replace(/ /g, '').length >= 16 && !symbol?.startsWith(']E') && !symbol?.startsWith(']I')))
    found = readElements(raw, text, year);
  else found = readNumber(raw, text, symbol);
  // Both: eight digits of 2 to 9 may be an EAN-8 and a lot's code.
  if (lotCode) return { code: { ...(found.code ?? { raw }), lotCode } };
  return found;
}

/** The check digit that completes a GS1 number: weights 3 and 1 alternating from the right. */
export function checkDigit(digits: string): number {
  const sum = [...digits].reverse().reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 3 : 1), 0);
  return (10 - (sum % 10)) % 10;
}

export function checkDigitHolds(digits: string): boolean {
  return /^\d{2,}$/.test(digits) && checkDigit(digits.slice(0, -1)) === Number(digits.at(-1));
}

/** A GTIN of 8, 12, 13 or 14 digits with a good check digit, as 14 digits. */
export function normalizeGtin(digits: string): string | undefined {
  return /^(\d{8}|\d{12,14})$/.test(digits) && checkDigitHolds(digits) ? digits.padStart(14, '0') : undefined;
}

/** The 12 digits of the UPC-A that a UPC-E stands for: the 6 of the symbol, or 8 with number system (0 or 1) and check digit. */
export function expandUpcE(digits: string): string | undefined {
  if (!/^(\d{6}|[01]\d{7})$/.test(digits)) return undefined;
  const system = digits.length === 8 ? digits[0] : '0';
  const [a, b, c, d, e, last] = digits.length === 8 ? digits.slice(1, 7) : digits;
  const body =
    last <= '2' ? `${a}${b}${last}0000${c}${d}${e}` : last === '3' ? `${a}${b}${c}00000${d}${e}` : last === '4' ? `${a}${b}${c}${d}00000${e}` : `${a}${b}${c}${d}${e}0000${last}`;
  const eleven = system + body;
  const twelve = eleven + checkDigit(eleven);
  return digits.length === 8 && twelve.at(-1) !== digits.at(-1) ? undefined : twelve;
}

const LOT_ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';

/** A lot's code in upper case without blanks and hyphens, if its check character holds (Luhn's method, modulo 32). */
export function readLotCode(text: string): string | undefined {
  const code = text.replace(/[ -]/g, '').toUpperCase();
  if (code.length !== 8 || [...code].some((letter) => !LOT_ALPHABET.includes(letter))) return undefined;
  const sum = [...code.slice(0, 7)].reverse().reduce((total, letter, index) => {
    const value = LOT_ALPHABET.indexOf(letter) * (index % 2 === 0 ? 2 : 1);
    return total + Math.floor(value / 32) + (value % 32);
  }, 0);
  return LOT_ALPHABET[(32 - (sum % 32)) % 32] === code[7] ? code : undefined;
}

/** The item's number of a case that was made from it: indicator 1 to 8, the same digits, another check digit. */
export function itemOfCase(gtin14: string): string | undefined {
  if (!/^[1-8]\d{13}$/.test(gtin14)) return undefined;
  const body = `0${gtin14.slice(1, 13)}`;
  return body + checkDigit(body);
}

function readNumber(raw: string, text: string, symbol: string | undefined): Reading {
  let digits = text.replace(/ /g, '');
  if (!/^\d+$/.test(digits)) return { wrong: 'unknown' };
  if (symbol === ']E3' && (digits.length === 15 || digits.length === 18)) digits = digits.slice(0, 13);
  // ]E0 stands for EAN-13, UPC-A and UPC-E; typed, eight digits are an EAN-8.
  if (symbol === ']E0' && (digits.length === 6 || (digits.length === 8 && digits[0] <= '1'))) {
    const long = expandUpcE(digits);
    return long ? { code: { raw, gtin: long.padStart(14, '0') } } : { wrong: 'checkDigit' };
  }
  // A scanner that slips off an ITF reads a shorter number; only the whole one counts.
  const lengths = symbol?.startsWith(']I') ? [14] : symbol === ']E4' ? [8] : [8, 12, 13, 14];
  if (!lengths.includes(digits.length)) return { wrong: 'unknown' };
  const gtin = normalizeGtin(digits);
  return gtin ? { code: { raw, gtin } } : { wrong: 'checkDigit' };
}

type Elements = [ai: string, value: string][];

// How many characters follow the identifiers of predefined length, by their first two digits.
const predefined: Record<string, number> = { '00': 18, '01': 14, '02': 14, '03': 14, '04': 16, '20': 2 };
for (const ai of ['11', '12', '13', '14', '15', '16', '17', '18', '19']) predefined[ai] = 6;
for (const ai of ['31', '32', '33', '34', '35', '36']) predefined[ai] = 8; // two more digits of the identifier, six of the measure
predefined['41'] = 14; // one more, thirteen

// Identifiers have two digits but for these beginnings.
function identifierLength(start: string): number {
  if (/^(2[345]|4[012]|71)/.test(start)) return 3;
  if (/^(3[1-69]|43|7[02]|8[012])/.test(start)) return 4;
  return 2;
}

function readElements(raw: string, text: string, year: number): Reading {
  const elements: Elements = [];
  let at = 0;
  while (at < text.length) {
    if (text[at] === FNC1) {
      at += 1;
      continue;
    }
    const start = text.slice(at, at + 2);
    if (!/^\d\d$/.test(start)) return { wrong: 'unknown' };
    const size = identifierLength(start);
    const ai = text.slice(at, at + size);
    if (!/^\d+$/.test(ai) || ai.length < size) return { wrong: 'unknown' };
    const separator = text.indexOf(FNC1, at);
    const most = separator < 0 ? text.length : separator;
    const end = start in predefined ? Math.min(most, at + 2 + predefined[start]) : most;
    elements.push([ai, text.slice(at + size, end)]);
    at = end;
  }
  return mean(raw, elements, year);
}

function readBrackets(raw: string, text: string, year: number): Reading {
  const elements: Elements = [];
  const label = /\((\d{2,4})\)/y;
  let at = 0;
  while (at < text.length) {
    label.lastIndex = at;
    const ai = label.exec(text)?.[1];
    if (!ai) return { wrong: 'unknown' };
    at += ai.length + 2;
    let value = '';
    for (; at < text.length; at += 1) {
      label.lastIndex = at;
      if (text[at] === '(' && label.test(text)) break;
      if (text[at] === '\\' && text[at + 1] === '(') at += 1;
      value += text[at];
    }
    // Long numbers are printed, and typed, in groups.
    elements.push([ai, ai === '10' ? value.trim() : value.replace(/ /g, '')]);
  }
  return mean(raw, elements, year);
}

function readAddress(raw: string, text: string, year: number): Reading {
  // A host has no check; that it is another network's is found when its lot is looked up.
  const address = /^https?:\/\/[^/?#]+([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/i.exec(text);
  if (!address) return { wrong: 'unknown' };
  const [, path, query = '', fragment = ''] = address;
  const invite = /^\/join\/([^/?]+)$/.exec(fragment)?.[1];
  if (invite) return { code: { raw, invite: unescape(invite) } };
  const delivery = /^\/deliveries\/([0-9a-f-]{36})$/i.exec(fragment)?.[1];
  if (delivery) return { code: { raw, delivery: `deliveries/${delivery.toLowerCase()}` } };

  // The last segments are identifier and value by turns, from the first key on (GS1 Digital Link: URI syntax).
  const segments = path.split('/').filter(Boolean).map(unescape);
  const key = segments.findIndex((segment, index) => ['01', '00'].includes(segment) && (segments.length - index) % 2 === 0);
  if (key < 0) return { wrong: 'unknown' };
  const elements: Elements = [];
  for (let at = key; at + 1 < segments.length; at += 2) {
    const [ai, value] = [segments[at], segments[at + 1]];
    if (!/^\d{2,4}$/.test(ai)) return { wrong: 'unknown' };
    // Earlier versions let people write a GTIN without its leading zeros.
    elements.push([ai, ai === '01' && [8, 12, 13].includes(value.length) ? value.padStart(14, '0') : value]);
  }
  for (const part of query.split(/[&;]/)) {
    const [name, value = ''] = part.split('=');
    if (/^\d{2,4}$/.test(name)) elements.push([name, unescape(value)]);
  }
  return mean(raw, elements, year);
}

function unescape(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function mean(raw: string, elements: Elements, year: number): Reading {
  const values = new Map<string, string>();
  for (const [ai, value] of elements) {
    if (!value || (values.has(ai) && values.get(ai) !== value)) return { wrong: 'unknown' };
    values.set(ai, value);
  }
  const code: Code = { raw };

  const gtin = values.get('01') ?? values.get('02');
  const sscc = values.get('00');
  for (const [number, length] of [[gtin, 14], [sscc, 18]] as const) {
    if (number === undefined) continue;
    if (number.length !== length || !/^\d+$/.test(number)) return { wrong: 'unknown' };
    if (!checkDigitHolds(number)) return { wrong: 'checkDigit' };
  }
  if (gtin) code.gtin = gtin;
  if (sscc) code.sscc = sscc;

  const lot = values.get('10');
  if (lot !== undefined) {
    if (!/^[!-"%-?A-Z_a-z]{1,20}$/.test(lot)) return { wrong: 'unknown' };
    // The network's own label carries the lot's code as batch number.
    const own = readLotCode(lot);
    if (own) code.lotCode = own;
    code.donorLotNumber = lot;
  }

  for (const [ai, kind] of [['15', DateKind.BEST_BEFORE], ['17', DateKind.USE_BY]] as const) {
    const value = values.get(ai);
    if (value === undefined) continue;
    const date = readDate(value, year);
    if (!date) return { wrong: 'date' };
    code.goodUntil = { kind, date };
  }
  const expiryTime = values.get('7003');
  if (expiryTime && !values.has('17')) {
    const date = readDate(expiryTime.slice(0, 6), year);
    // A time belongs to a day, so there is no month precision.
    if (!date || date.length < 10 || !/^\d{10}$/.test(expiryTime)) return { wrong: 'date' };
    code.goodUntil = { kind: DateKind.USE_BY, date };
  }

  const count = values.get('37') ?? values.get('30');
  if (count !== undefined) {
    if (!/^\d{1,8}$/.test(count)) return { wrong: 'unknown' };
    code.count = Number(count);
  }
  return code.gtin || code.sscc || code.lotCode ? { code } : { wrong: 'unknown' };
}

/** YYMMDD as ISO 8601; day 00 is month precision: "2027-03". */
export function readDate(yymmdd: string, year: number): string | undefined {
  const parts = /^(\d\d)(\d\d)(\d\d)$/.exec(yymmdd);
  if (!parts) return undefined;
  const [two, month, day] = parts.slice(1).map(Number);
  const century = year - (year % 100);
  const gap = two - (year % 100);
  const full = century + two + (gap >= 51 ? -100 : gap <= -50 ? 100 : 0);
  if (month < 1 || month > 12 || day > daysIn(full, month)) return undefined;
  const yearMonth = `${full}-${parts[2]}`;
  return day === 0 ? yearMonth : `${yearMonth}-${parts[3]}`;
}

export function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
