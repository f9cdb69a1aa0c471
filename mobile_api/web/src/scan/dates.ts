// Dates as they are printed on goods, typed with as few keys as possible, and shown back in words before they count.
import { daysIn } from './code';

/** Goods older than this are not brought, and printed years lie this far ahead at most: what settles how four digits are meant. */
const YEARS_BACK = 5;
const YEARS_AHEAD = 30;

/** "270331", "2703", "27.3.31", "2027/3", "2027年3月31日", "R9.3", "0331" → "2027-03-31" or, without a day, "2027-03"; nothing if it is no date.
 * `today` is "2026-11-21". */
export function typedDate(typed: string, today: string): string | undefined {
  const text = typed
    .normalize('NFKC')
    .trim()
    .replace(/[年月.,／/・ー‐−–—\s-]+/g, '-')
    .replace(/日|末|まで/g, '')
    .replace(/^-+|-+$/g, '');
  const era = /^(?:R|令和)-?(\d{1,2})-(.+)$/i.exec(text);
  if (era) return inParts([String(2018 + Number(era[1])), ...era[2].split('-')], today);
  if (text.includes('-')) return inParts(text.split('-'), today);
  if (!/^\d+$/.test(text)) return undefined;
  const cut = (...sizes: number[]) => {
    let at = 0;
    return sizes.map((size) => text.slice(at, (at += size)));
  };
  switch (text.length) {
    case 8: // 20270331
      return inParts(cut(4, 2, 2), today);
    case 6: // 270331; 202703 cannot be one, as no month is 27
      return inParts(cut(2, 2, 2), today) ?? inParts(cut(4, 2), today);
    case 4: // 2703; else 0331 of the year in which it comes next
      return inParts(cut(2, 2), today) ?? inParts(cut(2, 2), today, true);
    default:
      return undefined;
  }
}

function inParts(parts: string[], today: string, ofThisYear = false): string | undefined {
  if (!parts.every((part) => /^\d{1,4}$/.test(part))) return undefined;
  const now = Number(today.slice(0, 4));
  if (ofThisYear) {
    const [month, day] = parts.map(Number);
    const next = iso(now, month, day);
    return next && next < today ? iso(now + 1, month, day) : next;
  }
  if (parts.length < 2 || parts.length > 3) return undefined;
  const [year, month, day] = parts.map(Number);
  const full = year < 100 ? 2000 + year : year;
  // "12-25": goods for a few days carry month and day alone.
  if (parts.length === 2 && (full < now - YEARS_BACK || month > 12)) return ofThisYear ? undefined : inParts(parts, today, true);
  if (full < now - YEARS_BACK || full > now + YEARS_AHEAD) return undefined;
  return iso(full, month, day);
}

function iso(year: number, month: number, day?: number): string | undefined {
  if (!(month >= 1 && month <= 12) || (day !== undefined && !(day >= 1 && day <= daysIn(year, month)))) return undefined;
  const two = (n: number) => String(n).padStart(2, '0');
  return `${year}-${two(month)}${day === undefined ? '' : `-${two(day)}`}`;
}
