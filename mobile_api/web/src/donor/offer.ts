// An offer while it is being written: lines as they are typed, sums, and what the agreement leaves to decide. Pure.
import { create, type MessageInitShape } from '@bufbuild/protobuf';

import { type Donor, type Offer, type OfferSchema } from '../gen/kubari/donors/v1/donors_pb';
import type { Product } from '../gen/kubari/stock/v1/catalogue_pb';
import { AgreementState, ComplianceLevel, ConditionsSchema, DateKind, TemperatureZone, type Agreement, type Conditions } from '../gen/kubari/type/v1/food_pb';

/** What a line needs to know of its product; kept with a draft on this device, so numbers and not bigints. */
export interface ProductFacts {
  name: string;
  displayName: string;
  gtin: string;
  itemGrams: number;
  itemsPerCase: number;
  zone: TemperatureZone;
}

export interface LineDraft {
  /** Distinguishes lines on the screen. */
  key: number;
  product?: ProductFacts;
  cases: number | null;
  itemsPerCase: number | null;
  dateKind: DateKind;
  /** As typed; `date` is what it was understood as. */
  dateText: string;
  zone: TemperatureZone;
  donorLotNumber: string;
  minLotCases: number | null;
  remarks: string;
}

export interface Place {
  postalCode: string;
  municipalityCode: string;
  text: string;
  latitudeE6: number;
  longitudeE6: number;
}

export interface OfferDraft {
  title: string;
  code: string;
  readyDate: string;
  place: Place;
  lines: LineDraft[];
  /** Unset: the agreement's. */
  tightened?: Tightened;
}

/** Conditions in a form that can be kept as JSON. */
export interface Tightened {
  minComplianceLevel: ComplianceLevel;
  onwardTransferAllowed: boolean;
  onlyGroups: string[];
  excludedPrefectures: string[];
  minRemainingDays: number;
  pastBestBeforeAllowed: boolean;
  donorMayBeNamed: boolean;
  photosAllowed: boolean;
}

export function emptyLine(key: number): LineDraft {
  return { key, cases: null, itemsPerCase: null, dateKind: DateKind.BEST_BEFORE, dateText: '', zone: TemperatureZone.AMBIENT, donorLotNumber: '', minLotCases: null, remarks: '' };
}

export function emptyOffer(donor: Donor, today: string): OfferDraft {
  return { title: '', code: '', readyDate: today, place: placeOf(donor.address), lines: [emptyLine(1)] };
}

function placeOf(address: Donor['address']): Place {
  return {
    postalCode: address?.postalCode ?? '',
    municipalityCode: address?.municipalityCode ?? '',
    text: address?.text ?? '',
    latitudeE6: address?.position?.latitudeE6 ?? 0,
    longitudeE6: address?.position?.longitudeE6 ?? 0,
  };
}

export function factsOf(product: Product): ProductFacts {
  return {
    name: product.name,
    displayName: product.displayName,
    gtin: product.gtin,
    itemGrams: Number(product.itemGrams),
    itemsPerCase: Number(product.itemsPerCase),
    zone: product.temperatureZone,
  };
}

/** An offer as a draft: to go on with it, or (`asNew`) as the beginning of another one: without code, day, lot numbers and dates, which
 * belong to the goods of then. */
export function draftOf(offer: Offer, asNew: boolean, today: string): OfferDraft {
  return {
    title: offer.title,
    code: asNew ? '' : offer.code,
    readyDate: asNew ? today : offer.readyDate,
    place: placeOf(offer.place),
    lines: offer.lines.map((line, index) => ({
      key: index + 1,
      product: {
        name: line.product,
        displayName: line.productDisplayName,
        gtin: '',
        itemGrams: Number(line.itemGrams),
        itemsPerCase: Number(line.itemsPerCase),
        zone: line.temperatureZone,
      },
      cases: Number(line.cases),
      itemsPerCase: Number(line.itemsPerCase),
      dateKind: line.goodUntil?.kind || DateKind.BEST_BEFORE,
      dateText: asNew ? '' : (line.goodUntil?.date ?? ''),
      zone: line.temperatureZone,
      donorLotNumber: asNew ? '' : line.donorLotNumber,
      minLotCases: Number(line.minLotCases) || null,
      remarks: line.remarks,
    })),
    tightened: offer.conditions && tightenedOf(offer.conditions),
  };
}

export function tightenedOf(conditions: Conditions): Tightened {
  const { minComplianceLevel, onwardTransferAllowed, onlyGroups, excludedPrefectures, minRemainingDays, pastBestBeforeAllowed, donorMayBeNamed, photosAllowed } = conditions;
  return { minComplianceLevel, onwardTransferAllowed, onlyGroups: [...onlyGroups], excludedPrefectures: [...excludedPrefectures], minRemainingDays, pastBestBeforeAllowed, donorMayBeNamed, photosAllowed };
}

/** The agreement that counts on a day ("2026-11-21"). */
export function agreementOn(donor: Donor, day: string): Agreement | undefined {
  return donor.agreements.find((one) => {
    const last = [one.validToDate, one.state === AgreementState.TERMINATED ? one.endDate : ''].filter(Boolean).sort()[0] ?? '';
    return one.validFromDate <= day && (!last || day <= last);
  });
}

/** The agreement's conditions, and of the draft's what is at least as strict: an older offer may have been made under a looser one. */
export function atLeast(agreed: Conditions | undefined, wanted: Tightened | undefined): Tightened {
  const base = tightenedOf(agreed ?? create(ConditionsSchema));
  if (!wanted) return base;
  const onlyGroups = wanted.onlyGroups.filter((group) => base.onlyGroups.length === 0 || base.onlyGroups.includes(group));
  return {
    minComplianceLevel: Math.max(base.minComplianceLevel, wanted.minComplianceLevel),
    onwardTransferAllowed: base.onwardTransferAllowed && wanted.onwardTransferAllowed,
    onlyGroups: onlyGroups.length > 0 ? onlyGroups : base.onlyGroups,
    excludedPrefectures: [...new Set([...base.excludedPrefectures, ...wanted.excludedPrefectures])].sort(),
    minRemainingDays: Math.max(base.minRemainingDays, wanted.minRemainingDays),
    pastBestBeforeAllowed: base.pastBestBeforeAllowed && wanted.pastBestBeforeAllowed,
    donorMayBeNamed: base.donorMayBeNamed && wanted.donorMayBeNamed,
    photosAllowed: base.photosAllowed && wanted.photosAllowed,
  };
}

export interface Sums {
  cases: number;
  items: number;
  grams: number;
}

export function sums(lines: Pick<LineDraft, 'cases' | 'itemsPerCase' | 'product'>[]): Sums {
  const total = { cases: 0, items: 0, grams: 0 };
  for (const line of lines) {
    const items = (line.cases ?? 0) * (line.itemsPerCase ?? 0);
    total.cases += line.cases ?? 0;
    total.items += items;
    total.grams += items * (line.product?.itemGrams ?? 0);
  }
  return total;
}

/** Nothing has been typed into it. */
export function isBlank(line: LineDraft): boolean {
  return !line.product && line.cases === null && line.itemsPerCase === null && !line.dateText && !line.donorLotNumber && !line.remarks;
}

/** For the service. `date` understands what was typed; blank lines are left out, unless nothing else is there. */
export function toOffer(draft: OfferDraft, donor: string, date: (text: string) => string | undefined): MessageInitShape<typeof OfferSchema> {
  const { latitudeE6, longitudeE6 } = draft.place;
  const filled = draft.lines.filter((line) => !isBlank(line));
  return {
    donor,
    title: draft.title.trim(),
    code: draft.code.trim(),
    readyDate: draft.readyDate,
    place: { postalCode: draft.place.postalCode, municipalityCode: draft.place.municipalityCode, text: draft.place.text, position: { latitudeE6, longitudeE6 } },
    conditions: draft.tightened,
    lines: (filled.length > 0 ? filled : draft.lines).map((line) => ({
      product: line.product?.name ?? '',
      cases: BigInt(line.cases ?? 0),
      itemsPerCase: BigInt(line.itemsPerCase ?? 0),
      goodUntil: { kind: line.dateKind, date: line.dateKind === DateKind.NONE ? '' : (date(line.dateText) ?? line.dateText) },
      temperatureZone: line.zone,
      donorLotNumber: line.donorLotNumber.trim(),
      minLotCases: BigInt(line.minLotCases ?? 0),
      remarks: line.remarks.trim(),
    })),
  };
}

/** A copy that shares nothing with the page. */
export function toPlain(draft: OfferDraft): OfferDraft {
  return JSON.parse(JSON.stringify(draft)) as OfferDraft;
}
