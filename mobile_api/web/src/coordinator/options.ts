// A run's options as a form holds them: numbers may be empty, chosen things keep their names for people.
import type { MessageInitShape } from '@bufbuild/protobuf';

import { api } from '../api/clients';
import type { Choice } from '../components/Combobox.svelte';
import { Policy } from '../gen/kubari/allocation/v1/allocation_pb';
import type { RunOptions, RunOptionsSchema } from '../gen/kubari/allocation/v1/options_pb';
import { FoodCategory, TemperatureZone } from '../gen/kubari/type/v1/food_pb';
import { items } from '../i18n/format';
import type { StockChoice } from './find';

type Maybe = number | null | undefined;

export interface OptionsForm {
  tolerance: Maybe;
  horizon: Maybe;
  urgentDays: Maybe;
  /** How many kilometres nearer than the others groups are that asked for the goods; empty: 20. */
  needKilometres: Maybe;
  offerAgain: boolean;
  /** Claims: percent above the fair share. */
  allowance: Maybe;
  /** Bids: shares a case. */
  lowestPrices: { lot?: Choice; price: Maybe }[];
  holdBacks: { category: FoodCategory; zone: TemperatureZone; percent: Maybe; items: Maybe; reason: string }[];
  pins: { stock?: StockChoice; group?: Choice; items: Maybe; reason: string }[];
  bounds: { group?: Choice; floor: Maybe; cap: Maybe; reason: string }[];
  capacities: { group?: Choice; zone: TemperatureZone; items: Maybe; reason: string }[];
  leftOut: { group?: Choice; lot?: Choice; reason: string }[];
}

export const usual = (): OptionsForm => ({
  tolerance: null,
  horizon: null,
  urgentDays: null,
  needKilometres: null,
  offerAgain: false,
  allowance: 25,
  lowestPrices: [],
  holdBacks: [],
  pins: [],
  bounds: [],
  capacities: [],
  leftOut: [],
});

const whole = (value: Maybe) => BigInt(Math.round(value ?? 0));
/** Person-days to thousandths of them. */
const thousandths = (value: Maybe) => BigInt(Math.round((value ?? 0) * 1000));

export function fromForm(form: OptionsForm, policy: Policy = Policy.FAIR_SHARE): MessageInitShape<typeof RunOptionsSchema> {
  const chosen = policy === Policy.CLAIMS || policy === Policy.BIDS;
  return {
    // Where groups choose, nothing is decided beforehand for one of them.
    tolerancePermille: chosen ? 0 : (form.tolerance ?? 0),
    horizonWeeks: chosen ? 0 : (form.horizon ?? 0),
    claimAllowancePermille: policy === Policy.CLAIMS ? Math.round((form.allowance ?? 0) * 10) : 0,
    lowestPrices: policy === Policy.BIDS ? form.lowestPrices.map((one) => ({ lot: one.lot?.name ?? '', milliSharesPerCase: thousandths(one.price) })) : [],
    urgentDays: form.urgentDays ?? 0,
    needKilometres: form.needKilometres ?? undefined,
    offerAgain: form.offerAgain,
    holdBacks: form.holdBacks.map((one) => ({
      category: one.category,
      temperatureZone: one.zone,
      // One of the two: items go first.
      permille: one.items ? 0 : Math.round((one.percent ?? 0) * 10),
      items: whole(one.items),
      reason: one.reason,
    })),
    pins: (chosen ? [] : form.pins).map((one) => ({ lot: one.stock?.lot ?? '', place: one.stock?.place ?? '', group: one.group?.name ?? '', items: whole(one.items), reason: one.reason })),
    groupBounds: (chosen ? [] : form.bounds).map((one) => ({ group: one.group?.name ?? '', floor: thousandths(one.floor), cap: thousandths(one.cap), reason: one.reason })),
    capacities: form.capacities.map((one) => ({ group: one.group?.name ?? '', temperatureZone: one.zone, items: whole(one.items), reason: one.reason })),
    leftOut: form.leftOut.map((one) => ({ group: one.group?.name ?? '', lot: one.lot?.name ?? '', reason: one.reason })),
  };
}

/** The form of options that a run has; groups and lots are asked for their names. */
export async function toForm(options: RunOptions | undefined): Promise<OptionsForm> {
  if (!options) return usual();
  const found = new Map<string, Promise<Choice>>();
  const once = (name: string, read: () => Promise<Choice>) => {
    const known = found.get(name) ?? read().catch(() => ({ name, text: name.split('/')[1]?.slice(0, 8) ?? name }));
    found.set(name, known);
    return known;
  };
  const group = async (name: string) =>
    name ? await once(name, () => api.groups.getGroup({ name }).then((one) => ({ name, text: one.displayName, more: one.code }))) : undefined;
  const lot = async (name: string) =>
    name ? await once(name, () => api.stock.getLot({ name }).then((one) => ({ name, text: `${one.productDisplayName} ${one.code}` }))) : undefined;
  const number = (value: number | bigint) => (value ? Number(value) : null);
  return {
    tolerance: number(options.tolerancePermille),
    horizon: number(options.horizonWeeks),
    urgentDays: number(options.urgentDays),
    needKilometres: options.needKilometres ?? null,
    offerAgain: options.offerAgain,
    allowance: options.claimAllowancePermille / 10,
    lowestPrices: await Promise.all(options.lowestPrices.map(async (one) => ({ lot: await lot(one.lot), price: Number(one.milliSharesPerCase) / 1000 }))),
    holdBacks: options.holdBacks.map((one) => ({
      category: one.category,
      zone: one.temperatureZone,
      percent: one.permille ? one.permille / 10 : null,
      items: number(one.items),
      reason: one.reason,
    })),
    pins: await Promise.all(
      options.pins.map(async (one) => ({
        stock: { ...(await lot(one.lot))!, name: `${one.lot} ${one.place}`, lot: one.lot, place: one.place, free: one.items, itemsPerCase: 0n, more: items(one.items) },
        group: await group(one.group),
        items: Number(one.items),
        reason: one.reason,
      })),
    ),
    bounds: await Promise.all(
      options.groupBounds.map(async (one) => ({ group: await group(one.group), floor: one.floor ? Number(one.floor) / 1000 : null, cap: one.cap ? Number(one.cap) / 1000 : null, reason: one.reason })),
    ),
    capacities: await Promise.all(options.capacities.map(async (one) => ({ group: await group(one.group), zone: one.temperatureZone, items: Number(one.items), reason: one.reason }))),
    leftOut: await Promise.all(options.leftOut.map(async (one) => ({ group: await group(one.group), lot: await lot(one.lot), reason: one.reason }))),
  };
}
