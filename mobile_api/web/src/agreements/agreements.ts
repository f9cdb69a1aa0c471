// Agreements with donors and with groups are asked of two services that speak alike.
import { api } from '../api/clients';
import type { Agreement, Duties } from '../gen/kubari/type/v1/food_pb';
import { number } from '../i18n/format';
import { t } from './words';

export type Kind = 'donors' | 'groups';
export const kindOf = (name: string): Kind => (name.startsWith('groups/') ? 'groups' : 'donors');
export const client = (kind: Kind) => (kind === 'groups' ? api.groupAgreements : api.donorAgreements);
/** Where an agreement is shown: "donors/{a}/agreements/{b}" → "#/agreements/donors/{a}/{b}". */
export function linkTo(name: string): string {
  const [kind, party, , agreement] = name.split('/');
  return `#/agreements/${kind}/${party}/${agreement}`;
}
export const lastDay = (one: Agreement) => one.endDate || one.validToDate;
/** Whole days from `today` to `day`; both "2027-03-31". */
export const daysBetween = (today: string, day: string) => Math.round((Date.parse(day) - Date.parse(today)) / 86_400_000);
/** The version that counts on a day; of those that have begun the newest. `versions` newest first. */
export const versionOn = (versions: Agreement[], day: string): Agreement | undefined =>
  versions.find((one) => one.versionFromDate <= (day < one.validFromDate ? one.validFromDate : day));

export function dutyTexts(duties: Duties | undefined): string[] {
  const texts: string[] = [];
  if (duties?.returnUnused) texts.push(t('dutyReturn'));
  if (duties?.recallContact) texts.push(t('dutyRecall', { contact: duties.recallContact }));
  if (duties?.reportMonths) texts.push(duties.reportMonths === 1 ? t('dutyReportOne') : t('dutyReport', { n: number(duties.reportMonths) }));
  if (duties?.noticeDays) texts.push(t('dutyNotice', { n: number(duties.noticeDays) }));
  return texts;
}
