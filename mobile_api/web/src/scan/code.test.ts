// The vectors of libs/gs1 and of the lots' codes, as far as a phone reads them.
import { expect, test } from 'vitest';

import { DateKind } from '../gen/kubari/type/v1/food_pb';
import { checkDigitHolds, expandUpcE, itemOfCase, normalizeGtin, readCode, readDate, readLotCode } from './code';

const FNC1 = '\x1D';
const read = (raw: string) => readCode(raw, 2026);
const gtin = (raw: string) => read(raw).code?.gtin;

test('check digits as published', () => {
  for (const good of ['6291041500213', '4006381333931', '036000291452', '96385074', '376104250021234569', '9501101530003']) expect(checkDigitHolds(good), good).toBe(true);
  for (const bad of ['', '0', '6291041500214', '629104150021x']) expect(checkDigitHolds(bad), bad).toBe(false);
});

test('item numbers become fourteen digits', () => {
  expect(gtin('4006381333931')).toBe('04006381333931');
  expect(gtin('96385074')).toBe('00000096385074');
  expect(gtin('036000291452')).toBe('00036000291452');
  expect(gtin('95012345678903')).toBe('95012345678903');
  expect(gtin(']E04006381333931\r\n')).toBe('04006381333931');
  expect(gtin(']E496385074')).toBe('00000096385074');
  expect(gtin(']I195012345678903')).toBe('95012345678903');
  expect(gtin('9 521234 543213')).toBe('09521234543213');
  expect(gtin(']E3952123454321312')).toBe('09521234543213');
  expect(gtin(']E3952123454321312345')).toBe('09521234543213');
  for (const bad of ['', '123', '40063813339310', '400638133393100', '４００６３８１３３３９３１']) expect(normalizeGtin(bad), bad).toBeUndefined();
});

test('a misread digit and a digit left out are told apart from goods', () => {
  expect(read('4006381333930').wrong).toBe('checkDigit');
  expect(read('40063813339').wrong).toBe('unknown');
  expect(read(']E0400638133393').wrong).toBe('checkDigit');
  expect(read('hello').wrong).toBe('unknown');
  expect(read(']I19521234543213').wrong).toBe('unknown');
  expect(read(']E49521234543213').wrong).toBe('unknown');
  expect(read(' \n').wrong).toBe('empty');
});

test('UPC-E is read only where a scanner says so', () => {
  const rows = [['123450', '01200000345'], ['123451', '01210000345'], ['123452', '01220000345'], ['123453', '01230000045'], ['123454', '01234000005'], ['123455', '01234500005'], ['123459', '01234500009']];
  for (const [six, eleven] of rows) expect(expandUpcE(six)?.slice(0, 11)).toBe(eleven);
  expect(expandUpcE('06543217')).toBe('065100004327');
  expect(expandUpcE('16543214')).toBe('165100004324');
  for (const bad of ['', '1234', '26543217', '0654321', 'x6543217', '06543218']) expect(expandUpcE(bad), bad).toBeUndefined();
  expect(gtin(']E006543217')).toBe('00065100004327');
  expect(gtin(']E0654321')).toBe('00065100004327');
  expect(gtin(']E0065100004327')).toBe('00065100004327');
  expect(gtin(']E001234558')).toBe('00012345000058');
  expect(gtin(']E401234558')).toBe('00000001234558');
  expect(gtin('01234558')).toBe('00000001234558');
  expect(read(']E006543218').wrong).toBe('checkDigit');
});

test('element strings, however the scanner hands over the separator', () => {
  const whole = read(`]C1010952123454321310ABC123${FNC1}1727033137024${FNC1}310300125021SN-1`).code;
  expect(whole).toMatchObject({ gtin: '09521234543213', donorLotNumber: 'ABC123', count: 24, goodUntil: { kind: DateKind.USE_BY, date: '2027-03-31' } });
  const body = `01095212345432131527030010L1${FNC1}2142`;
  for (const same of [body, FNC1 + body, `]d2${body}`, `]Q3${body}`, `]e0${body}${FNC1}`, `0109521234543213${FNC1}15270300${FNC1}10L1${FNC1}2142`])
    expect(read(same).code, same).toMatchObject({ gtin: '09521234543213', donorLotNumber: 'L1', goodUntil: { kind: DateKind.BEST_BEFORE, date: '2027-03' } });
  expect(read(']C1003761042500212345690295012345678903' + '3748').code).toMatchObject({ sscc: '376104250021234569', gtin: '95012345678903', count: 48 });
  expect(read(']C10109521234543214').wrong).toBe('checkDigit');
  expect(read(']C1010952123').wrong).toBe('unknown');
  expect(read(']C110ABCDEFGHIJKLMNOPQRSTU').wrong).toBe('unknown');
});

test('brackets, as people type them', () => {
  expect(read('(01) 95012345678903 (10) A(B)1').code).toMatchObject({ gtin: '95012345678903', donorLotNumber: 'A(B)1' });
  expect(read('(01)95012345678903(10)A\\(21)B').code?.donorLotNumber).toBe('A(21)B');
  expect(read('(00) 3 76104250 021234 569').code?.sscc).toBe('376104250021234569');
  expect(read('(xx)95012345678903').wrong).toBe('unknown');
  expect(read('(01)4006381333931').wrong).toBe('unknown');
  expect(read('(01)95012345678903(10)米').wrong).toBe('unknown');
  expect(read('(01)95012345678903(10)A(10)B').wrong).toBe('unknown');
});

test('Digital Links', () => {
  expect(read('https://example.com/some/path/01/09521234543213/10/ABC%2F1/21/12345?17=270331&linkType=gs1:pip&15=270300#top').code).toMatchObject({
    gtin: '09521234543213',
    donorLotNumber: 'ABC/1',
    goodUntil: { kind: DateKind.USE_BY, date: '2027-03-31' },
  });
  expect(gtin('HTTP://example.com/01/4006381333931/')).toBe('04006381333931');
  expect(read(']Q1https://example.com/00/376104250021234569').code?.sscc).toBe('376104250021234569');
  expect(gtin('https://example.com/01/shelf/00/01/09521234543213')).toBe('09521234543213');
  for (const bad of ['https://example.com/', 'https://', 'https://example.com/shop?item=1', 'https://example.com/DBHKVAdpQgqrEg']) expect(read(bad).wrong, bad).toBe('unknown');
  expect(read('https://example.com/01/09521234543214').wrong).toBe('checkDigit');
});

test('the addresses that the app prints', () => {
  expect(read('https://food.example/#/deliveries/0190c5b0-0000-4000-8000-00000000000a').code?.delivery).toBe('deliveries/0190c5b0-0000-4000-8000-00000000000a');
  expect(read('http://192.0.2.7:8000/#/join/ABCDE-FGHJK').code?.invite).toBe('ABCDE-FGHJK');
});

test('dates and their century', () => {
  const rows: [string, number, string | undefined][] = [
    ['270300', 2026, '2027-03'], ['270331', 2026, '2027-03-31'], ['280229', 2026, '2028-02-29'], ['760101', 2026, '2076-01-01'], ['770101', 2026, '1977-01-01'],
    ['000101', 1999, '2000-01-01'], ['490101', 1999, '2049-01-01'], ['500101', 1999, '1950-01-01'], ['990101', 2000, '1999-01-01'], ['510101', 2000, '1951-01-01'],
    ['500101', 2000, '2050-01-01'], ['490101', 2148, '2149-01-01'], ['271301', 2026, undefined], ['270001', 2026, undefined], ['270332', 2026, undefined],
    ['270229', 2026, undefined], ['270431', 2026, undefined], ['000229', 2099, undefined], ['000229', 2026, '2000-02-29'],
  ];
  for (const [text, year, date] of rows) expect(readDate(text, year), `${text} in ${year}`).toBe(date);
  expect(read('(01)95012345678903(15)271301').wrong).toBe('date');
  expect(read('(01)95012345678903(7003)2703010930').code?.goodUntil?.date).toBe('2027-03-01');
  expect(read('(01)95012345678903(7003)2703010930(17)270302').code?.goodUntil?.date).toBe('2027-03-02');
  expect(read('(01)95012345678903(7003)2703000930').wrong).toBe('date');
});

test("a lot's code is read back, and any wrong character is found", () => {
  const alphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
  // Seven characters have exactly one check character.
  for (const seven of ['K7M2PQ4', '2222222', 'ZZZZZZZ', 'ABCDEFG', '23456789'.slice(0, 7)]) {
    const codes = [...alphabet].map((last) => seven + last).filter((text) => readLotCode(text));
    expect(codes).toHaveLength(1);
    const [code] = codes;
    expect(readLotCode(` ${code.slice(0, 4).toLowerCase()} - ${code.slice(4)}`)).toBe(code);
    for (let at = 0; at < code.length; at += 1)
      for (const letter of alphabet) expect(readLotCode(code.slice(0, at) + letter + code.slice(at + 1)) !== undefined).toBe(letter === code[at]);
    expect(read(code).code?.lotCode).toBe(code);
    expect(read(`https://food.example/01/09521234543213/10/${code}`).code).toMatchObject({ lotCode: code, gtin: '09521234543213' });
  }
  expect(readLotCode('4901234567894')).toBeUndefined();
});

test('a case names its item', () => {
  expect(itemOfCase('19521234543210')).toBe('09521234543213');
  expect(itemOfCase('09521234543213')).toBeUndefined();
  expect(itemOfCase('99521234543213')).toBeUndefined();
});
