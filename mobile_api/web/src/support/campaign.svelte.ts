// What campaigns' pages share.
import { ApplicationState, CampaignState, QuestionItem, type Campaign, type LocalText, type Question } from '../gen/kubari/support/v1/campaigns_pb';
import { language } from '../i18n/language.svelte';
import type { Tone } from '../components/StateBadge.svelte';
import { t } from './campaignWords';

export const stateText = (state: CampaignState) => t(`state.${CampaignState[state] as keyof typeof CampaignState}`);
export const stateTone = (state: CampaignState): Tone => (state === CampaignState.PUBLISHED ? 'good' : state === CampaignState.DRAFT ? 'wait' : 'plain');
export const applicationText = (state: ApplicationState) => t(`application.${ApplicationState[state] as keyof typeof ApplicationState}`);
export const itemText = (item: QuestionItem) => t(`item.${QuestionItem[item] as Exclude<keyof typeof QuestionItem, 'UNSPECIFIED'>}`);

export const ITEMS = [
  QuestionItem.DAYS,
  QuestionItem.ALLERGENS,
  QuestionItem.DIETARY_TAGS,
  QuestionItem.COOKING,
  QuestionItem.PLACE,
  QuestionItem.CONTACT,
  QuestionItem.URGENCY,
  QuestionItem.NOTE,
];

/** The text in the reader's language; the Japanese where there is no English one. */
export const local = (text: LocalText | undefined): string => (language.current === 'en' && text?.en) || text?.ja || '';

export const publicLink = (code: string): string => `${location.origin}${location.pathname}#/campaign/${code}`;

export interface Asked {
  item: QuestionItem;
  asked: boolean;
  required: boolean;
  helpJa: string;
  helpEn: string;
}

export class CampaignForm {
  code = $state('');
  titleJa = $state('');
  titleEn = $state('');
  textJa = $state('');
  textEn = $state('');
  closingJa = $state('');
  closingEn = $state('');
  opens = $state('');
  closes = $state('');
  capacity = $state<number | null>(50);
  waitingList = $state(true);
  hourly = $state<number | null>(100);
  /** Of municipalities and of whole prefectures. */
  codes = $state<string[]>([]);
  questions = $state<Asked[]>([]);

  constructor(campaign?: Campaign) {
    const of = (item: QuestionItem): Question | undefined => campaign?.questions.find((one) => one.item === item);
    this.questions = [QuestionItem.HOUSEHOLD, QuestionItem.MUNICIPALITY, ...ITEMS].map((item) => ({
      item,
      asked: item <= QuestionItem.MUNICIPALITY || (campaign ? !!of(item) : item === QuestionItem.ALLERGENS || item === QuestionItem.CONTACT),
      required: of(item)?.required ?? false,
      helpJa: of(item)?.help?.ja ?? '',
      helpEn: of(item)?.help?.en ?? '',
    }));
    if (!campaign) return;
    this.code = campaign.code;
    this.titleJa = campaign.title?.ja ?? '';
    this.titleEn = campaign.title?.en ?? '';
    this.textJa = campaign.text?.ja ?? '';
    this.textEn = campaign.text?.en ?? '';
    this.closingJa = campaign.closingText?.ja ?? '';
    this.closingEn = campaign.closingText?.en ?? '';
    this.opens = campaign.opensDate;
    this.closes = campaign.closesDate;
    this.capacity = campaign.capacity;
    this.waitingList = campaign.waitingList;
    this.hourly = campaign.hourlyLimit;
    this.codes = [...campaign.municipalityCodes];
  }

  message() {
    return {
      code: this.code.trim(),
      title: { ja: this.titleJa.trim(), en: this.titleEn.trim() },
      text: { ja: this.textJa.trim(), en: this.textEn.trim() },
      closingText: { ja: this.closingJa.trim(), en: this.closingEn.trim() },
      opensDate: this.opens,
      closesDate: this.closes,
      capacity: this.capacity ?? 0,
      waitingList: this.waitingList,
      hourlyLimit: this.hourly ?? 0,
      municipalityCodes: [...this.codes],
      questions: this.questions
        .filter((one) => one.asked)
        .map((one) => ({ item: one.item, required: one.required || one.item <= QuestionItem.MUNICIPALITY, help: { ja: one.helpJa.trim(), en: one.helpEn.trim() } })),
    };
  }
}
