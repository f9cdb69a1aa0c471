// Shares (ポイント), with which groups bid.
import { ShareEntryKind } from '../gen/kubari/allocation/v1/market_pb';
import { language } from '../i18n/language.svelte';
import { words } from '../i18n/words';

const t = words(
  { grant: '最初のポイント', paid: '落札', recirculated: '毎晩の戻り', returned: '受け取らなかった分の戻り' } as const,
  { grant: 'First shares', paid: 'Won', recirculated: 'Given back at night', returned: 'Paid back for what was not received' },
);

/** Thousandths of a share: 12.5 */
export function shares(milli: bigint): string {
  return new Intl.NumberFormat(language.current, { maximumFractionDigits: 3 }).format(Number(milli) / 1000);
}

/** For a file: exact, with a point. */
export function exact(milli: bigint): string {
  const digits = (milli < 0n ? -milli : milli).toString().padStart(4, '0');
  const fraction = digits.slice(-3).replace(/0+$/, '');
  return `${milli < 0n ? '-' : ''}${digits.slice(0, -3)}${fraction && `.${fraction}`}`;
}

export function entryKind(kind: ShareEntryKind): string {
  switch (kind) {
    case ShareEntryKind.GRANT:
      return t('grant');
    case ShareEntryKind.WON:
      return t('paid');
    case ShareEntryKind.RECIRCULATED:
      return t('recirculated');
    case ShareEntryKind.RETURNED:
      return t('returned');
    default:
      return '';
  }
}
