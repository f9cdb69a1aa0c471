// The parts of a group's profile, each changed and saved by itself. Pure.
import type { Group, Site } from '../gen/kubari/groups/v1/groups_pb';
import { FoodCategory, TemperatureZone } from '../gen/kubari/type/v1/food_pb';
import { date, items, number } from '../i18n/format';
import { label } from '../i18n/labels';
import { profileLabel, WEEKDAYS } from '../i18n/profile';
import { t as common } from '../i18n/text';
import { t } from './words';

export type Part = 'days' | 'storage' | 'categories' | 'allergens' | 'tags' | 'people' | 'limits' | 'naming' | 'about';

export const PARTS: Part[] = ['days', 'storage', 'categories', 'allergens', 'tags', 'people', 'limits', 'naming', 'about'];

/** The fields of UpdateGroup that belong to a part. */
export const FIELDS: Record<Part, string[]> = {
  days: ['receiving_days'],
  storage: ['sites'],
  categories: ['accepted_categories'],
  allergens: ['excluded_allergens'],
  tags: ['wanted_tags', 'excluded_tags'],
  people: ['households', 'children'],
  limits: ['min_remaining_days', 'max_distance_km'],
  naming: ['may_be_named_to_donors'],
  about: ['display_name', 'name_kana', 'kind', 'contact_email'],
};

export const CATEGORIES: FoodCategory[] = Object.values(FoodCategory).filter((value): value is FoodCategory => typeof value === 'number' && value > 0);
const FOOD = CATEGORIES.filter((one) => one !== FoodCategory.NON_FOOD);

/** What the group takes: an empty list in the profile stands for all food. */
export function categoriesOf(group: Pick<Group, 'acceptedCategories'>): FoodCategory[] {
  return group.acceptedCategories.length > 0 ? group.acceptedCategories : FOOD;
}

/** And back: all food and nothing else needs no list. */
export function categoriesFor(chosen: FoodCategory[]): FoodCategory[] {
  return chosen.length === FOOD.length && FOOD.every((one) => chosen.includes(one)) ? [] : [...chosen].sort((a, b) => a - b);
}

export function siteName(site: Site, index: number): string {
  return site.displayName || t('profile.site', { n: index + 1 });
}

const list = (texts: string[], none: string) => (texts.length > 0 ? texts.join(common('list.comma')) : none);

/** What stands in a part now, in a line. */
export function summary(group: Group, part: Part): string {
  switch (part) {
    case 'days':
      return list(WEEKDAYS.filter((day) => group.receivingDays.includes(day)).map(profileLabel.weekday), t('profile.daysAny'));
    case 'storage':
      return group.sites
        .map((site, index) => {
          const zones = [
            [TemperatureZone.AMBIENT, site.ambientItems],
            [TemperatureZone.CHILLED, site.chilledItems],
            [TemperatureZone.FROZEN, site.frozenItems],
          ] as const;
          const kept = zones.filter(([, count]) => count > 0n).map(([zone, count]) => `${label.temperature(zone)} ${items(count)}`);
          return `${group.sites.length > 1 ? `${siteName(site, index)}: ` : ''}${list(kept, t('profile.storageNone'))}`;
        })
        .join(' / ');
    case 'categories':
      return group.acceptedCategories.length === 0 ? t('profile.categoriesAll') : list(group.acceptedCategories.map(label.category), '');
    case 'allergens':
      return list(group.excludedAllergens.map(profileLabel.allergen), t('profile.allergensNone'));
    case 'tags':
      return list(
        [
          ...group.wantedTags.map((tag) => `${profileLabel.tag(tag)} (${t('profile.wanted')})`),
          ...group.excludedTags.map((tag) => `${profileLabel.tag(tag)} (${t('profile.excluded')})`),
        ],
        t('profile.tagsNone'),
      );
    case 'people':
      return t('profile.peopleText', { households: number(group.households), children: number(group.children) });
    case 'limits':
      return t('profile.limitsText', {
        days: number(group.minRemainingDays),
        distance: group.maxDistanceKm > 0 ? t('profile.distanceText', { n: number(group.maxDistanceKm) }) : t('profile.distanceAny'),
      });
    case 'naming':
      return t(group.mayBeNamedToDonors ? 'profile.namingYes' : 'profile.namingNo');
    case 'about':
      return [group.displayName, profileLabel.groupKind(group.kind), group.contactEmail].filter(Boolean).join(' · ');
  }
}

export function period(from: string, to: string): string {
  return t('profile.period', { from: date(from), to: to ? date(to) : t('profile.noEnd') });
}
