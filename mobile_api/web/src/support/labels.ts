// Values of the contract in words, and what several pages of the room know.
import type { Tone } from '../components/StateBadge.svelte';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import {
  AddresseeKind,
  Cooking,
  DeclineReason,
  HandoverPlace,
  JournalKind,
  Part,
  Step,
  SupportState,
  Urgency,
  type Household,
  type SupportRequest,
} from '../gen/kubari/support/v1/support_pb';
import { api } from '../api/clients';
import type { Choice } from '../components/Combobox.svelte';
import { t } from './words';

export const label = {
  state: (value: SupportState) => t(`state.${SupportState[value] as keyof typeof SupportState}`),
  urgency: (value: Urgency) => t(`urgency.${Urgency[value] as keyof typeof Urgency}`),
  place: (value: HandoverPlace) => t(`place.${HandoverPlace[value] as keyof typeof HandoverPlace}`),
  /** As who applies is asked: the office is the organisation's, not theirs. */
  placeAsked: (value: HandoverPlace) => (value === HandoverPlace.OFFICE ? t('placeAskedOffice') : label.place(value)),
  cooking: (value: Cooking) => t(`cooking.${Cooking[value] as keyof typeof Cooking}`),
  decline: (value: DeclineReason) => t(`decline.${DeclineReason[value] as keyof typeof DeclineReason}`),
  journal: (value: JournalKind) => t(`journal.${JournalKind[value] as keyof typeof JournalKind}`),
  part: (value: Part) => (value === Part.UNSPECIFIED ? '' : t(`partNow.${Part[value] as Exclude<keyof typeof Part, 'UNSPECIFIED'>}`)),
  age: (value: Band) => t(`age.${value}`),
};

const TONES: Partial<Record<SupportState, Tone>> = {
  [SupportState.REQUESTED]: 'wait',
  [SupportState.ACKNOWLEDGED]: 'plain',
  [SupportState.PREPARING]: 'plain',
  [SupportState.DONE]: 'good',
  [SupportState.DECLINED]: 'bad',
};
export const tone = (state: SupportState): Tone => TONES[state] ?? 'plain';

export const OPEN = [SupportState.REQUESTED, SupportState.ACKNOWLEDGED, SupportState.PREPARING];
export const STATES = [...OPEN, SupportState.DONE, SupportState.DECLINED, SupportState.WITHDRAWN];
export const URGENCIES = [Urgency.TODAY, Urgency.THREE_DAYS, Urgency.WEEK, Urgency.MONTH];
export const PLACES = [HandoverPlace.FETCH, HandoverPlace.OFFICE, HandoverPlace.HOME];
export const COOKINGS = [Cooking.NONE, Cooking.KETTLE, Cooking.MICROWAVE, Cooking.RICE_COOKER, Cooking.STOVE, Cooking.REFRIGERATOR, Cooking.FREEZER];
export const REASONS = [
  DeclineReason.NO_STOCK,
  DeclineReason.OUT_OF_AREA,
  DeclineReason.NO_CAPACITY,
  DeclineReason.NEEDS_NOT_MET,
  DeclineReason.HELPED_ELSEWHERE,
  DeclineReason.NOT_REACHED,
  DeclineReason.OTHER,
];

/** The bands of a household: the word of the contract's statistics, and the field of the message. */
export const BANDS = [
  ['AGE_0_TO_2', 'age0To2', 'age_0_to_2'],
  ['AGE_3_TO_5', 'age3To5', 'age_3_to_5'],
  ['AGE_6_TO_11', 'age6To11', 'age_6_to_11'],
  ['AGE_12_TO_17', 'age12To17', 'age_12_to_17'],
  ['AGE_18_TO_64', 'age18To64', 'age_18_to_64'],
  ['AGE_65_AND_OVER', 'age65AndOver', 'age_65_and_over'],
] as const;
export type Band = (typeof BANDS)[number][0];

export const peopleOf = (household: Household | undefined): number => BANDS.reduce((sum, [, field]) => sum + (household?.[field] ?? 0), 0);

/** "0〜2歳 1、18〜64歳 2" */
export function bandsText(household: Household | undefined, comma: string): string {
  return BANDS.filter(([, field]) => (household?.[field] ?? 0) > 0)
    .map(([band, field]) => `${label.age(band)} ${household![field]}`)
    .join(comma);
}

export const may = (request: SupportRequest, step: Step): boolean => request.steps.includes(step);

export const idOf = (name: string): string => name.split('/')[1];

/** When the details may be erased: a day in the future, or nothing. */
export const inFuture = (time: SupportRequest['eraseTime']): boolean => !!time && timestampDate(time).getTime() > Date.now();

export const KINDS = [AddresseeKind.INTERMEDIARY, AddresseeKind.GROUP, AddresseeKind.PARTNER];
export const kindText = (kind: AddresseeKind) => t(`kind${AddresseeKind[kind] as 'INTERMEDIARY' | 'GROUP' | 'PARTNER'}`);

/** Organisations of this kind for a Combobox. */
export const addressees =
  (kind: AddresseeKind, except: string = '') =>
  async (query: string): Promise<Choice[]> => {
    const answer = await api.support.listAddressees({ kind, query, pageSize: 20 });
    return answer.addressees.filter((one) => one.organisation !== except).map((one) => ({ name: one.organisation, text: one.displayName }));
  };
