import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';

import { DonorSchema, OfferSchema } from '../gen/kubari/donors/v1/donors_pb';
import { AgreementState, ComplianceLevel, ConditionsSchema, DateKind, TemperatureZone } from '../gen/kubari/type/v1/food_pb';
import { agreementOn, atLeast, draftOf, emptyLine, emptyOffer, sums, tightenedOf, toOffer } from './offer';

const donor = create(DonorSchema, {
  address: { postalCode: '273-0000', municipalityCode: '12204', text: '船橋市（例）2-2', position: { latitudeE6: 1, longitudeE6: 2 } },
  agreements: [
    { name: 'new', validFromDate: '2027-01-01', state: AgreementState.SIGNED },
    { name: 'old', validFromDate: '2025-01-01', validToDate: '2026-12-31', endDate: '2026-11-30', state: AgreementState.TERMINATED },
  ],
});

test('the agreement of the day: from its first day to its last, ended early or not', () => {
  expect(agreementOn(donor, '2026-11-30')?.name).toBe('old');
  expect(agreementOn(donor, '2026-12-01')).toBeUndefined();
  expect(agreementOn(donor, '2029-01-01')?.name).toBe('new');
  expect(agreementOn(donor, '2024-12-31')).toBeUndefined();
});

test('an offer starts at the donor’s address with one empty line', () => {
  const draft = emptyOffer(donor, '2026-11-21');
  expect(draft).toMatchObject({ readyDate: '2026-11-21', place: { text: '船橋市（例）2-2', latitudeE6: 1 } });
  expect(draft.lines).toHaveLength(1);
});

test('a copy leaves behind what belongs to the goods of then', () => {
  const offer = create(OfferSchema, {
    title: '秋の缶詰', code: 'A-1', readyDate: '2025-10-01',
    conditions: { minRemainingDays: 30 },
    lines: [{ product: 'products/1', cases: 3n, itemsPerCase: 24n, goodUntil: { kind: DateKind.USE_BY, date: '2026-03' }, donorLotNumber: 'L1', temperatureZone: TemperatureZone.CHILLED, minLotCases: 2n, itemGrams: 200n }],
  });
  const copy = draftOf(offer, true, '2026-11-21');
  expect(copy).toMatchObject({ title: '秋の缶詰', code: '', readyDate: '2026-11-21', tightened: { minRemainingDays: 30 } });
  expect(copy.lines[0]).toMatchObject({ cases: 3, dateKind: DateKind.USE_BY, dateText: '', donorLotNumber: '', minLotCases: 2, zone: TemperatureZone.CHILLED });
  expect(draftOf(offer, false, '2026-11-21').lines[0]).toMatchObject({ dateText: '2026-03', donorLotNumber: 'L1' });
});

test('conditions never become looser than agreed', () => {
  const agreed = create(ConditionsSchema, { minComplianceLevel: ComplianceLevel.HYGIENE, onwardTransferAllowed: true, onlyGroups: ['groups/1', 'groups/2'], excludedPrefectures: ['13'], minRemainingDays: 30, donorMayBeNamed: true, photosAllowed: true });
  const loose = tightenedOf(create(ConditionsSchema, { onwardTransferAllowed: true, pastBestBeforeAllowed: true, excludedPrefectures: ['01'], minRemainingDays: 5, onlyGroups: ['groups/2', 'groups/3'] }));
  expect(atLeast(agreed, loose)).toEqual({ minComplianceLevel: ComplianceLevel.HYGIENE, onwardTransferAllowed: true, onlyGroups: ['groups/2'], excludedPrefectures: ['01', '13'], minRemainingDays: 30, pastBestBeforeAllowed: false, donorMayBeNamed: false, photosAllowed: false });
  expect(atLeast(agreed, { ...loose, onlyGroups: [] }).onlyGroups).toEqual(['groups/1', 'groups/2']);
  expect(atLeast(agreed, undefined)).toEqual(tightenedOf(agreed));
});

test('sums count what is filled in', () => {
  const facts = { name: 'products/1', displayName: '', gtin: '', itemGrams: 200, itemsPerCase: 24, zone: TemperatureZone.AMBIENT };
  expect(sums([{ cases: 2, itemsPerCase: 24, product: facts }, { cases: null, itemsPerCase: 10 }, { cases: 1, itemsPerCase: 6 }])).toEqual({ cases: 3, items: 54, grams: 9600 });
});

test('blank lines are not sent; dates are sent as they were understood, and as typed if they were not', () => {
  const draft = emptyOffer(donor, '2026-11-21');
  draft.lines = [
    { ...emptyLine(1), cases: 2, itemsPerCase: 24, dateText: '2703' },
    emptyLine(2),
    { ...emptyLine(3), cases: 1, dateKind: DateKind.NONE, dateText: '2703' },
    { ...emptyLine(4), cases: 1, dateText: 'soon' },
  ];
  const offer = toOffer(draft, 'donors/1', (text) => (text === '2703' ? '2027-03' : undefined));
  expect(offer.lines?.map((line) => line.goodUntil?.date)).toEqual(['2027-03', '', 'soon']);
  expect(offer.lines?.[0]).toMatchObject({ cases: 2n, itemsPerCase: 24n });
  expect(toOffer({ ...draft, lines: [emptyLine(1)] }, 'donors/1', () => undefined).lines).toHaveLength(1);
});
