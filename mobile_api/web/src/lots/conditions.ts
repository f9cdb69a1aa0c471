// What the donor asks of whoever receives the lot, in sentences.
import { ComplianceLevel, type Conditions } from '../gen/kubari/type/v1/food_pb';
import { number } from '../i18n/format';
import { label } from '../i18n/labels';
import { language } from '../i18n/language.svelte';
import { t } from '../i18n/text';

export function conditionTexts(conditions: Conditions | undefined): string[] {
  // Holds for every lot there is.
  const texts = [t('condition.noResale')];
  if (!conditions) return texts;
  if (conditions.minComplianceLevel !== ComplianceLevel.UNSPECIFIED) {
    texts.push(t('condition.compliance', { level: label.compliance(conditions.minComplianceLevel) }));
  }
  texts.push(conditions.onwardTransferAllowed ? t('condition.onward') : t('condition.noOnward'));
  if (conditions.minRemainingDays > 0) texts.push(t('condition.remaining', { n: number(conditions.minRemainingDays) }));
  if (conditions.pastBestBeforeAllowed) texts.push(t('condition.pastBestBefore'));
  if (conditions.onlyGroups.length > 0) texts.push(t('condition.onlyGroups', { n: number(conditions.onlyGroups.length) }));
  if (conditions.excludedPrefectures.length > 0) {
    texts.push(t('condition.prefectures', { codes: conditions.excludedPrefectures.map(prefecture).join(t('list.comma')) }));
  }
  if (!conditions.donorMayBeNamed) texts.push(t('condition.unnamed'));
  if (conditions.photosAllowed) texts.push(t('condition.photos'));
  return texts;
}

const prefectures = {
  ja:
    '北海道 青森県 岩手県 宮城県 秋田県 山形県 福島県 茨城県 栃木県 群馬県 埼玉県 千葉県 東京都 神奈川県 新潟県 富山県 石川県 福井県 山梨県 ' +
    '長野県 岐阜県 静岡県 愛知県 三重県 滋賀県 京都府 大阪府 兵庫県 奈良県 和歌山県 鳥取県 島根県 岡山県 広島県 山口県 徳島県 香川県 愛媛県 ' +
    '高知県 福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 鹿児島県 沖縄県',
  en:
    'Hokkaido Aomori Iwate Miyagi Akita Yamagata Fukushima Ibaraki Tochigi Gunma Saitama Chiba Tokyo Kanagawa Niigata Toyama Ishikawa ' +
    'Fukui Yamanashi Nagano Gifu Shizuoka Aichi Mie Shiga Kyoto Osaka Hyogo Nara Wakayama Tottori Shimane Okayama Hiroshima Yamaguchi ' +
    'Tokushima Kagawa Ehime Kochi Fukuoka Saga Nagasaki Kumamoto Oita Miyazaki Kagoshima Okinawa',
};

/** JIS X 0401: "13" → 東京都. */
export function prefecture(code: string): string {
  return prefectures[language.current].split(' ')[Number(code) - 1] ?? code;
}
