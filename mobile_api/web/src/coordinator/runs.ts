// Figures and words of allocation runs.
import type { Tone } from '../components/StateBadge.svelte';
import { LineState, RunState, type Line, type Run } from '../gen/kubari/allocation/v1/allocation_pb';
import { language } from '../i18n/language.svelte';

export const runTones: Partial<Record<RunState, Tone>> = {
  [RunState.PROPOSED]: 'wait',
  [RunState.PUBLISHING]: 'wait',
  [RunState.PUBLISHED]: 'good',
};
export const lineTones: Partial<Record<LineState, Tone>> = {
  [LineState.OFFERED]: 'wait',
  [LineState.ACCEPTED]: 'good',
  [LineState.SHIPPED]: 'good',
  [LineState.AT_HUB]: 'wait',
  [LineState.HANDED_ON]: 'good',
  [LineState.CONFIRMED]: 'good',
  [LineState.REFUSED]: 'bad',
  [LineState.EXPIRED]: 'bad',
};

export const idOf = (name: string) => name.split('/').at(-1)!;
export const explanation = (one: { explanation: string; explanationJa: string }) => (language.current === 'ja' ? one.explanationJa : one.explanation);
export const message = (one: { message: string; messageJa: string }) => (language.current === 'ja' ? one.messageJa || one.message : one.message);

/** Thousandths of a person-day, for people: 12.3 */
export function personDays(thousandths: bigint): string {
  return new Intl.NumberFormat(language.current, { maximumFractionDigits: 1, minimumFractionDigits: 1 }).format(Number(thousandths) / 1000);
}

/** Millionths: 0.123 */
export function millionths(value: bigint): string {
  return new Intl.NumberFormat(language.current, { maximumFractionDigits: 3, minimumFractionDigits: 3 }).format(Number(value) / 1e6);
}

/** Changed by hand: other than the policy proposed, or pinned. */
export const byHand = (line: Line) => line.pinned || (line.items !== line.proposedItems && (line.state === LineState.PROPOSED || line.state === LineState.DROPPED));

/** What counts as given: not taken out, refused or forgotten. */
const given = (line: Line) => line.state !== LineState.DROPPED && line.state !== LineState.REFUSED && line.state !== LineState.EXPIRED;

export interface GroupShare {
  group: string;
  groupDisplayName: string;
  lines: number;
  items: bigint;
  states: Map<LineState, { lines: number; items: bigint }>;
  /** By warehouse. */
  from: Map<string, bigint>;
  /** Of other groups, if it is a hub: what comes to it to be handed on. */
  through: bigint;
}

export function byGroup(lines: Line[]): GroupShare[] {
  const shares = new Map<string, GroupShare>();
  const of = (group: string, groupDisplayName: string) => {
    const share = shares.get(group) ?? { group, groupDisplayName, lines: 0, items: 0n, states: new Map(), from: new Map(), through: 0n };
    shares.set(group, share);
    return share;
  };
  for (const line of lines) {
    const share = of(line.group, line.groupDisplayName);
    const state = share.states.get(line.state) ?? { lines: 0, items: 0n };
    share.states.set(line.state, { lines: state.lines + 1, items: state.items + line.items });
    if (!given(line)) continue;
    share.lines++;
    share.items += line.items;
    share.from.set(line.warehouse, (share.from.get(line.warehouse) ?? 0n) + line.items);
    if (line.hub) of(line.hub, line.hubDisplayName).through += line.items;
  }
  return [...shares.values()];
}

export interface LotShare {
  /** One of its lines, for the lot's facts. */
  line: Line;
  groups: number;
  items: bigint;
  /** Refused or expired: free again. */
  back: bigint;
}

export function byLot(lines: Line[]): LotShare[] {
  const shares = new Map<string, LotShare & { names: Set<string> }>();
  for (const line of lines) {
    let share = shares.get(line.lot);
    if (!share) {
      share = { line, groups: 0, items: 0n, back: 0n, names: new Set() };
      shares.set(line.lot, share);
    }
    if (given(line)) {
      share.items += line.items;
      share.names.add(line.group);
    } else if (line.state !== LineState.DROPPED) {
      share.back += line.items;
    }
  }
  return [...shares.values()].map(({ names, ...share }) => ({ ...share, groups: names.size }));
}

/** Lines by state, in the order of a line's life. */
export function byState(lines: Line[]): { state: LineState; lines: number; items: bigint }[] {
  const sums = new Map<LineState, { lines: number; items: bigint }>();
  for (const { state, items } of lines) {
    const sum = sums.get(state) ?? { lines: 0, items: 0n };
    sums.set(state, { lines: sum.lines + 1, items: sum.items + items });
  }
  return [...sums].sort(([a], [b]) => a - b).map(([state, sum]) => ({ state, ...sum }));
}

/** Can be published still. */
export const open = (run: Run) => run.state === RunState.PROPOSED;
