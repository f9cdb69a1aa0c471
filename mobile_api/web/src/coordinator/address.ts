// An address as a form holds it.
import type { MessageInitShape } from '@bufbuild/protobuf';

import type { Address, AddressSchema } from '../gen/kubari/type/v1/food_pb';
import { language } from '../i18n/language.svelte';
import { prefecture } from '../lots/conditions';

export interface AddressForm {
  postalCode: string;
  municipalityCode: string;
  text: string;
  /** Degrees; empty: unknown. */
  latitude: number | null | undefined;
  longitude: number | null | undefined;
}

export function toAddressForm(address: Address | undefined): AddressForm {
  const position = address?.position;
  const known = position && (position.latitudeE6 !== 0 || position.longitudeE6 !== 0);
  return {
    postalCode: address?.postalCode ?? '',
    municipalityCode: address?.municipalityCode ?? '',
    text: address?.text ?? '',
    latitude: known ? position.latitudeE6 / 1e6 : null,
    longitude: known ? position.longitudeE6 / 1e6 : null,
  };
}

export function fromAddressForm(form: AddressForm): MessageInitShape<typeof AddressSchema> {
  const known = typeof form.latitude === 'number' && typeof form.longitude === 'number';
  return {
    postalCode: form.postalCode.normalize('NFKC').trim(),
    municipalityCode: form.municipalityCode.normalize('NFKC').trim(),
    text: form.text.trim(),
    position: known ? { latitudeE6: Math.round(form.latitude! * 1e6), longitudeE6: Math.round(form.longitude! * 1e6) } : undefined,
  };
}

/** For people: postal code, prefecture, the rest. */
export function addressText(address: Address | undefined): string {
  if (!address) return '';
  const code = address.municipalityCode.slice(0, 2);
  // In Japanese nothing stands between them.
  const gap = language.current === 'ja' ? '' : ' ';
  return [address.postalCode && `〒${address.postalCode}`, [code && prefecture(code), address.text].filter(Boolean).join(gap)].filter(Boolean).join(' ');
}
