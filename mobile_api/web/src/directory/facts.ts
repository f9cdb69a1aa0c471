// The directory's facts in words: labels of its values, and what stands in a section.
import { Weekday, type Group } from '../gen/kubari/groups/v1/groups_pb';
import { ActivityKind, AgeBand, Help, Issue, IssueLevel, LegalForm, Period, Section, Vehicle, type Activity } from '../gen/kubari/groups/v1/profile_pb';
import { ContactRole } from '../gen/kubari/type/v1/contact_pb';
import { number } from '../i18n/format';
import { profileLabel } from '../i18n/profile';
import { siteName, summary } from '../group/profile';
import { t as ours } from '../group/words';
import { t } from './words';

type Key = Parameters<typeof t>[0];
const named = (prefix: string, name: string | undefined) => (t as (key: Key) => string)(`${prefix}.${name}` as Key);
/** Declared values of an enum, without the 0. */
export const valuesOf = <E extends number>(type: Record<string, string | number>): E[] =>
  Object.values(type).filter((value): value is E => typeof value === 'number' && value > 0);

export const text = {
  section: (one: Section) => named('section', Section[one]),
  legalForm: (one: LegalForm) => (one ? named('legal', LegalForm[one]) : t('notTold')),
  activity: (one: ActivityKind) => named('activity', ActivityKind[one]),
  period: (one: Period) => named('period', Period[one]),
  age: (one: AgeBand) => named('age', AgeBand[one]),
  issue: (one: Issue) => named('issue', Issue[one]),
  level: (one: IssueLevel) => (one ? named('level', IssueLevel[one]) : t('notTold')),
  help: (one: Help) => named('help', Help[one]),
  vehicle: (one: Vehicle) => (one ? named('vehicle', Vehicle[one]) : t('notTold')),
  role: (one: ContactRole) => named('role', ContactRole[one]),
};

export const SECTIONS = valuesOf<Section>(Section);
/** Sections that are changed where groups have always said what they can take. */
export const elsewhere = (section: Section) => section === Section.SITES || section === Section.FOOD;

export const activityText = (one: Activity): string =>
  [
    text.activity(one.kind),
    one.period === Period.IRREGULAR ? text.period(one.period) : one.times ? t('times', { period: text.period(one.period), n: one.times }) : '',
    one.mealsPerSession ? t('meals', { n: number(one.mealsPerSession) }) : '',
    one.note,
  ]
    .filter(Boolean)
    .join(' · ');

/** Each a line. `place` names a municipality by its code. */
export function factsOf(group: Group, section: Section, place: (code: string) => string): string[] {
  const lines: string[] = [];
  const line = (title: string, value: string) => lines.push(`${title}: ${value || t('none')}`);
  switch (section) {
    case Section.ORGANISATION:
      lines.push(group.displayName);
      line(t('applyKana'), group.nameKana);
      lines.push(profileLabel.groupKind(group.kind));
      line(t('legalForm'), text.legalForm(group.legalForm));
      break;
    case Section.CONTACTS:
      line(t('email'), group.contactEmail);
      for (const one of group.contacts) lines.push([text.role(one.role), one.office, one.phone, one.email, one.hours].filter(Boolean).join(' · '));
      break;
    case Section.ACTIVITIES:
      line(t('areas'), group.areas.map(place).join('、'));
      for (const one of group.activities) lines.push(activityText(one));
      if (group.activities.length === 0) line(t('activities'), '');
      if (group.schoolDistricts.length > 0) lines.push(group.schoolDistricts.join('、'));
      break;
    case Section.PEOPLE:
      line(t('households'), number(group.households));
      line(t('children'), number(group.children));
      line(t('ageBands'), group.ageBands.map((one) => text.age(one.band) + (one.people ? ` ${t('people', { n: number(one.people) })}` : '')).join('、'));
      break;
    case Section.SITES:
      group.sites.forEach((site, index) => lines.push([siteName(site, index), place(site.address?.municipalityCode ?? ''), site.address?.text].filter(Boolean).join(' · ')));
      lines.push(summary(group, 'storage'));
      break;
    case Section.RECEIVING:
      line(ours('profile.days'), summary(group, 'days'));
      for (const one of group.receivingWindows) lines.push(`${profileLabel.weekday(one.weekday)} ${one.fromTime}–${one.toTime}`);
      line(t('vehicle'), text.vehicle(group.vehicle) + (group.vehicleRefrigerated ? ` · ${t('refrigerated')}` : ''));
      break;
    case Section.FOOD:
      for (const part of ['categories', 'allergens', 'tags'] as const) line(ours(`profile.${part}`), summary(group, part));
      break;
    case Section.ISSUES:
      for (const one of group.issues) lines.push(`${text.issue(one.issue)}: ${text.level(one.level)}`);
      line(t('wantedHelp'), group.wantedHelp.map(text.help).join('、'));
      if (group.wantedHelpNote) lines.push(group.wantedHelpNote);
      break;
  }
  return lines;
}

export const WEEKDAYS = valuesOf<Weekday>(Weekday);
