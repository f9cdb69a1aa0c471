// Periods of figures: calendar months, quarters and years that begin in April (年度), or any days. Days are the network's, as "2026-11-21".
export type PeriodKind = 'year' | 'quarter' | 'month' | 'days' | 'all';

export interface Period {
  kind: PeriodKind;
  /** First and last day; both empty: everything. */
  from: string;
  to: string;
  /** Of year and quarter: the year in whose April it began. */
  year: number;
  /** Of quarter: 1 (April to June) to 4; of month: 1 to 12. */
  part: number;
}

const iso = (year: number, month: number, day: number) => new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10);

function months(kind: PeriodKind, year: number, part: number, first: number, count: number): Period {
  return { kind, year, part, from: iso(year, first, 1), to: iso(year, first + count, 0) };
}
const fiscalYear = (year: number) => months('year', year, 0, 4, 12);
// The fourth quarter, January to March, lies in the next calendar year.
const quarter = (year: number, part: number) => months('quarter', year, part, 1 + 3 * part, 3);
const month = (year: number, part: number) => months('month', year, part, part, 1);

/** The period of a kind that holds the day. */
export function periodOf(kind: PeriodKind, day: string): Period {
  const [year, at] = day.split('-').map(Number);
  const fiscal = at < 4 ? year - 1 : year;
  if (kind === 'year') return fiscalYear(fiscal);
  if (kind === 'quarter') return quarter(fiscal, Math.floor(((at + 8) % 12) / 3) + 1);
  if (kind === 'month') return month(year, at);
  if (kind === 'days') return { kind, year, part: 0, from: periodOf('month', day).from, to: day };
  return { kind: 'all', year, part: 0, from: '', to: '' };
}

/** "2026", "2026-q3", "2026-11", "2026-04-01..2026-11-21", "all", as in addresses; the fiscal year of `today` if it is none of these. */
export function parsePeriod(text: string, today: string): Period {
  if (text === 'all') return periodOf('all', today);
  const [, year = '', ofQuarter = '', ofMonth = ''] = /^(\d{4})(?:-q([1-4])|-(0[1-9]|1[0-2]))?$/.exec(text) ?? [];
  if (ofQuarter) return quarter(Number(year), Number(ofQuarter));
  if (ofMonth) return month(Number(year), Number(ofMonth));
  if (year) return fiscalYear(Number(year));
  const [, from, to] = /^(\d{4}-\d\d-\d\d)?\.\.(\d{4}-\d\d-\d\d)?$/.exec(text) ?? [];
  if (from || to) return { kind: 'days', year: 0, part: 0, from: from ?? '', to: to ?? '' };
  return fiscalYear(periodOf('year', today).year);
}

export function periodText({ kind, year, part, from, to }: Period): string {
  if (kind === 'year') return String(year);
  if (kind === 'quarter') return `${year}-q${part}`;
  if (kind === 'month') return `${year}-${String(part).padStart(2, '0')}`;
  return kind === 'days' ? `${from}..${to}` : 'all';
}

/** So many periods later, or earlier. Days keep their length; what is open stays. */
export function step(period: Period, by: number): Period {
  const { kind, year, part, from, to } = period;
  if (kind === 'year') return fiscalYear(year + by);
  if (kind === 'quarter') return quarter(year + Math.floor((part - 1 + by) / 4), ((((part - 1 + by) % 4) + 4) % 4) + 1);
  if (kind === 'month') return month(year + Math.floor((part - 1 + by) / 12), ((((part - 1 + by) % 12) + 12) % 12) + 1);
  if (kind === 'all' || !from || !to) return period;
  const length = Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000) + 1;
  return { ...period, from: shift(from, by * length), to: shift(to, by * length) };
}

/** The same days a year earlier; 29 February becomes 28. */
export function yearBefore(period: Period): Period {
  const { kind, year, part, from, to } = period;
  if (kind === 'year') return fiscalYear(year - 1);
  if (kind === 'quarter') return quarter(year - 1, part);
  if (kind === 'month') return month(year - 1, part);
  const back = (day: string) => day && day.replace(/^\d+/, (text) => String(Number(text) - 1)).replace('-02-29', '-02-28');
  return kind === 'all' ? period : { ...period, from: back(from), to: back(to) };
}

function shift(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}
