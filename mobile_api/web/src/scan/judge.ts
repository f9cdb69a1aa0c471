// What a phone can judge of a hand-over without asking: one sentence and what to do, before the goods leave the shelf. Pure; the ledger judges
// once more, with all it knows.
import { DateKind } from '../gen/kubari/type/v1/food_pb';
import type { Lot } from '../gen/kubari/stock/v1/catalogue_pb';
import type { StockRules } from '../gen/kubari/stock/v1/stock_pb';
import { daysLeft } from '../i18n/format';
import type { Known, PickLine, PickList, Stock } from '../offline/book.svelte';

/** Why something is stopped. Each has its sentence in words.ts: `stop.<kind>`. */
export type Stop =
  | { kind: 'recalled'; lot: string }
  | { kind: 'expired'; lot: string; date: string }
  | { kind: 'tooFewDays'; lot: string; left: number; required: number }
  /** The product is on the list, but of other lots. */
  | { kind: 'wrongLot'; lot: string; wanted: string; place: string }
  | { kind: 'notOnList'; product: string }
  | { kind: 'picked'; product: string }
  | { kind: 'tooMany'; items: number; most: number }
  /** Not in this warehouse. */
  | { kind: 'notHere'; product: string }
  /** Another warehouse did not send it, or sent several lots of it. */
  | { kind: 'notSent'; product: string }
  | { kind: 'severalLots'; product: string }
  /** No lot of it is on record here. */
  | { kind: 'noLot'; product: string }
  /** All of it is promised. */
  | { kind: 'notFree'; product: string }
  | { kind: 'unknown' };

/** Days that must be left when goods are handed over; the group's own demand only the service knows. */
function handOverDays(lot: Lot, rules: StockRules | undefined): number {
  const own = rules?.categories.find((one) => one.category === lot.category)?.minRemainingDaysHandOver;
  return Math.max(own ?? rules?.minRemainingDaysHandOver ?? 0, lot.conditions?.minRemainingDays ?? 0);
}

/** Days that must be left when goods come in. */
export function intakeDays(category: number | undefined, rules: StockRules | undefined): number {
  return rules?.categories.find((one) => one.category === category)?.minRemainingDaysIntake ?? rules?.minRemainingDaysIntake ?? 0;
}

/** Why this lot must not be handed out, if so. `today` is the network's day. */
export function handOverStop(lot: Lot, rules: StockRules | undefined, today: string): Stop | undefined {
  if (lot.recall) return { kind: 'recalled', lot: lot.code };
  const left = daysLeft(lot.goodUntil, today);
  if (left === undefined) return undefined;
  const date = lot.goodUntil?.date ?? '';
  const mayBePast = lot.goodUntil?.kind === DateKind.BEST_BEFORE && lot.conditions?.pastBestBeforeAllowed === true && !rules?.bestBeforeIsAWall;
  if (left < 0) return mayBePast ? undefined : { kind: 'expired', lot: lot.code, date };
  const required = handOverDays(lot, rules);
  return left < required && !mayBePast ? { kind: 'tooFewDays', lot: lot.code, left, required } : undefined;
}

/** First to expire first; without a date last. */
export function byExpiry(a: Lot | undefined, b: Lot | undefined): number {
  const days = (lot: Lot | undefined) => daysLeft(lot?.goodUntil, '1970-01-01') ?? Infinity;
  const [one, other] = [days(a), days(b)];
  return one === other ? (a?.code ?? '').localeCompare(b?.code ?? '') : one - other;
}

export type Match =
  /** What it may be, first to expire first; `sure`: the label names the lot, nothing needs to be asked. */
  | { lines: PickLine[]; sure: boolean; stop?: undefined }
  | { stop: Stop; lines?: undefined };

/** Which line of the list a scanned code ticks off. */
export function matchPick(list: PickList, known: Known, rules: StockRules | undefined, today: string): Match {
  if (known.lot) {
    const { lot } = known;
    const stop = handOverStop(lot, rules, today);
    if (stop) return { stop };
    const ofLot = list.lines.filter(({ line }) => line.lot === lot.name);
    const open = ofLot.filter(({ openItems }) => openItems > 0n);
    if (open.length > 0) return { lines: open, sure: open.length === 1 };
    if (ofLot.length > 0) return { stop: { kind: 'picked', product: lot.productDisplayName } };
    const other = list.lines.filter(({ stock, line, openItems }) => openItems > 0n && productOf(stock, line.productDisplayName, lot)).sort(inOrder)[0];
    return other
      ? { stop: { kind: 'wrongLot', lot: lot.code, wanted: other.line.lotCode, place: other.stock?.place.code ?? other.line.placeDisplayName } }
      : { stop: { kind: 'notOnList', product: lot.productDisplayName } };
  }
  if (!known.product) return { stop: { kind: 'unknown' } };
  const { name, displayName } = known.product;
  const fitting = list.lines.filter(({ stock, line }) => (stock ? stock.lot.product === name : line.productDisplayName === displayName));
  // The code may carry the date: then only such lots are meant.
  const open = fitting.filter(({ openItems }) => openItems > 0n).sort(inOrder);
  const exact = open.filter(({ line }) => known.stock.some((stock) => stock.lot.name === line.lot));
  if (exact.length > 0) return { lines: exact, sure: false };
  if (open.length > 0) return { lines: open, sure: false };
  return { stop: fitting.length > 0 ? { kind: 'picked', product: displayName } : { kind: 'notOnList', product: displayName } };
}

function productOf(stock: Stock | undefined, displayName: string, lot: Lot): boolean {
  return stock ? stock.lot.product === lot.product : displayName === lot.productDisplayName;
}

const inOrder = (a: PickLine, b: PickLine) => byDate(a) - byDate(b) || a.line.lotCode.localeCompare(b.line.lotCode);
const byDate = ({ line }: PickLine) => daysLeft(line.goodUntil, '1970-01-01') ?? Infinity;

/** The first to expire of the same product that is free here and may be handed out: a reason is needed to pass it over. */
export function earlier(lot: Lot, stock: Stock[], rules: StockRules | undefined, today: string): Stock | undefined {
  return stock
    .filter((one) => one.lot.product === lot.product && one.lot.name !== lot.name && one.free > 0n && !handOverStop(one.lot, rules, today))
    .sort((a, b) => byExpiry(a.lot, b.lot))
    .find((one) => (daysLeft(one.lot.goodUntil, today) ?? Infinity) < (daysLeft(lot.goodUntil, today) ?? Infinity));
}
