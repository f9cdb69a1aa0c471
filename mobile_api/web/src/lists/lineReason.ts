// What a line of a run gives as its reason, for people: a code with or without a note ("NO_SPACE: …"), a refusal in both languages
// ("INSUFFICIENT_STOCK: … / …"), or what a coordinator wrote.
import { label } from '../i18n/labels';
import { language } from '../i18n/language.svelte';
import { words } from '../i18n/words';

const t = words(
  { VOIDED: '引当の取り消し', REVERSED: '出庫の取り消し', RETURNED: '倉庫に戻った' } as const,
  { VOIDED: 'The reservation was voided', REVERSED: 'The issue was reversed', RETURNED: 'Back in the warehouse' },
);

export function lineReason(reason: string): string {
  const [, code, note = ''] = /^([A-Z][A-Z_]+)(?:: (.*))?$/s.exec(reason) ?? [];
  if (!code) return reason;
  const own = code === 'VOIDED' || code === 'REVERSED' || code === 'RETURNED';
  const known = own ? t(code) : label.reason(code);
  if (own || known !== code) return note ? `${known}${language.current === 'ja' ? '：' : ': '}${note}` : known;
  // The ledger's own words say all that the code says.
  const at = note.indexOf(' / ');
  return at < 0 ? note || code : language.current === 'ja' ? note.slice(0, at) : note.slice(at + 3);
}
