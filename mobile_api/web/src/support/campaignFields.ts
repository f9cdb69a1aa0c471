// Fields that the campaign's form shows violations of beside them.
export const CAMPAIGN = [
  'code',
  'title.ja',
  'title.en',
  'text.ja',
  'text.en',
  'closing_text.ja',
  'closing_text.en',
  'opens_date',
  'closes_date',
  'capacity',
  'hourly_limit',
  'municipality_codes',
].map((one) => `campaign.${one}`);
