import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';

import { AddressSchema } from '../gen/kubari/type/v1/food_pb';
import { addressText, fromAddressForm, toAddressForm } from './address';

test('an address goes through the form unchanged; 0/0 is nowhere', () => {
  const address = { postalCode: '100-0001', municipalityCode: '13101', text: '千代田区千代田1-1', position: { latitudeE6: 35_685_175, longitudeE6: 139_752_799 } };
  expect(fromAddressForm(toAddressForm(create(AddressSchema, address)))).toEqual(address);
  expect(toAddressForm(create(AddressSchema, { position: {} }))).toMatchObject({ latitude: null, longitude: null });
  expect(fromAddressForm({ postalCode: '１００－０００１', municipalityCode: '１３１０１', text: ' x ', latitude: null, longitude: 139 })).toEqual({
    postalCode: '100-0001',
    municipalityCode: '13101',
    text: 'x',
    position: undefined,
  });
});

test('for people', () => {
  expect(addressText(create(AddressSchema, { postalCode: '100-0001', municipalityCode: '13101', text: '千代田区千代田1-1' }))).toBe('〒100-0001 東京都千代田区千代田1-1');
  expect(addressText(undefined)).toBe('');
});
