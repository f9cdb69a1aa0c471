import { Code, ConnectError } from '@connectrpc/connect';
import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { beforeAll, beforeEach, expect, test } from 'vitest';

import App from '../App.svelte';
import { ErrorInfoSchema, LocalizedMessageSchema, BadRequestSchema } from '../gen/google/rpc/error_details_pb';
import { ApplicationState, PublicState, QuestionItem } from '../gen/kubari/support/v1/campaigns_pb';
import { AddresseeKind, DeclineReason, JournalKind, Part, Step, SupportState, Urgency } from '../gen/kubari/support/v1/support_pb';
import { Role } from '../gen/kubari/type/v1/access_pb';
import { Allergen, DietaryTag } from '../gen/kubari/type/v1/food_pb';
import { MANDATORY, profileLabel, RECOMMENDED, TAGS } from '../i18n/profile';
import { router } from '../router.svelte';
import { at, id, sessionAs, useNetwork, type Overrides } from '../testing/network';
import { CampaignForm } from './campaign.svelte';
import { t as campaignWords } from './campaignWords';
import { dueOf, HouseholdForm } from './form.svelte';
import { BANDS, COOKINGS, label, PLACES, REASONS, URGENCIES } from './labels';
import { readings } from './readings';
import { support } from './routes';
import { t as words } from './words';

// Pages are loaded on demand; here beforehand, as a busy machine takes its time.
const shown = ['/support/new', '/support/:request', '/campaign/:code', '/campaign/:code/receipt', '/support-figures'];
beforeAll(async () => {
  for (const route of support) if (shown.includes(route.path)) await route.page();
}, 240_000);
beforeEach(() => router.go('/'));

function open(path: string, over: Overrides = {}, role = Role.PARTNER) {
  useNetwork(sessionAs(role), over);
  router.go(path);
  return render(App);
}

async function choosePlace(label: string) {
  const input = screen.getByRole('combobox', { name: label });
  await fireEvent.focus(input);
  await fireEvent.input(input, { target: { value: '新宿' } });
  await fireEvent.click(await screen.findByRole('option', { name: /新宿区/ }));
}

const asked = {
  name: `supportRequests/${id(70)}`,
  code: 'K7PM-3QXN',
  state: SupportState.REQUESTED,
  requesterDisplayName: 'みなと市',
  responsibleDisplayName: 'みなと市',
  responsibleTime: at('2026-11-21T01:00:00Z'),
  createTime: at('2026-11-21T01:00:00Z'),
  handover: { toDisplayName: '海風パントリー', answerDueTime: at('2026-11-22T01:00:00Z') },
  urgency: Urgency.WEEK,
  dueDate: '2026-11-28',
  municipalityCode: '13104',
  household: { age0To2: 1, age18To64: 2 },
  part: Part.PROPOSED,
  steps: [Step.READ_DETAILS, Step.ACKNOWLEDGE, Step.REFUSE],
  etag: '1',
};

test('a due date follows the urgency', () => {
  expect(dueOf(Urgency.TODAY, '2027-02-28')).toBe('2027-02-28');
  expect(dueOf(Urgency.THREE_DAYS, '2027-02-28')).toBe('2027-03-03');
  expect(dueOf(Urgency.MONTH, '2027-12-15')).toBe('2028-01-14');
});

test('a household is counted and sent by its bands', () => {
  const form = new HouseholdForm();
  form.ages.AGE_0_TO_2 = 1;
  form.ages.AGE_65_AND_OVER = 2;
  expect(form.people).toBe(3);
  expect(form.message()).toEqual({ age0To2: 1, age3To5: 0, age6To11: 0, age12To17: 0, age18To64: 0, age65AndOver: 2 });
});

test('a campaign asks for household and place always, and for what was chosen', () => {
  const form = new CampaignForm();
  form.codes = ['13104', '13', '27100'];
  expect(form.message().municipalityCodes).toEqual(['13104', '13', '27100']);
  expect(form.message().questions.map(({ item, required }) => [item, required])).toEqual([
    [QuestionItem.HOUSEHOLD, true],
    [QuestionItem.MUNICIPALITY, true],
    [QuestionItem.ALLERGENS, false],
    [QuestionItem.CONTACT, false],
  ]);
});

test('a new request goes to the network unless somebody else is chosen, and asks for no name', async () => {
  let sent: Record<string, unknown> | undefined;
  open('/support/new', {
    support: {
      listAddressees: (request) => ({ addressees: request.kind === AddresseeKind.INTERMEDIARY ? [{ organisation: `organisations/${id(1)}`, displayName: 'フードネット' }] : [] }),
      createSupportRequest: (request) => {
        sent = request as unknown as Record<string, unknown>;
        return asked;
      },
      getSupportRequest: () => asked,
    },
  });
  await waitFor(() => expect(screen.getByRole<HTMLInputElement>('combobox', { name: '依頼先' }).value).toBe('フードネット'));
  await choosePlace('市区町村');
  await fireEvent.input(screen.getByLabelText('0〜2歳'), { target: { value: '1' } });
  await fireEvent.input(screen.getByLabelText('18〜64歳'), { target: { value: '2' } });
  await fireEvent.click(screen.getByLabelText('卵'));
  expect(screen.getByText('7日分 × 3人')).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: '依頼する' }));
  await waitFor(() =>
    expect(sent).toMatchObject({
      addressee: `organisations/${id(1)}`,
      municipalityCode: '13104',
      household: { age0To2: 1, age18To64: 2 },
      details: { allergens: [Allergen.EGG], days: 7 },
    }),
  );
  expect(router.path).toBe(`/support/${id(70)}`);
});

test('what is wrong stands beside its field', async () => {
  open('/support/new', {
    support: {
      listAddressees: () => ({ addressees: [{ organisation: `organisations/${id(1)}`, displayName: 'フードネット' }] }),
      createSupportRequest: () => {
        throw new ConnectError('no', Code.InvalidArgument, undefined, [
          { desc: ErrorInfoSchema, value: { reason: 'INVALID_REQUEST' } },
          { desc: BadRequestSchema, value: { fieldViolations: [{ field: 'details.note', reason: 'PERSONAL_DATA', description: 'a number', localizedMessage: { locale: 'ja', message: '電話番号らしきものが含まれています' } }] } },
        ]);
      },
    },
  });
  await waitFor(() => expect(screen.getByRole<HTMLInputElement>('combobox', { name: '依頼先' }).value).toBe('フードネット'));
  await choosePlace('市区町村');
  await fireEvent.input(screen.getByLabelText('18〜64歳'), { target: { value: '1' } });
  await fireEvent.click(screen.getByRole('button', { name: '依頼する' }));
  await waitFor(() => expect(screen.getByLabelText('メモ').getAttribute('aria-invalid')).toBe('true'));
  expect(screen.getAllByText('電話番号らしきものが含まれています。')).toHaveLength(1);
});

test('a request is taken on with one big button, and its details are read only when they are asked for', async () => {
  let looks = 0;
  let taken = false;
  open(
    `/support/${id(70)}`,
    {
      support: {
        getSupportRequest: () => (taken ? { ...asked, state: SupportState.ACKNOWLEDGED, responsibleDisplayName: '海風パントリー', handover: undefined, part: Part.RESPONSIBLE, steps: [Step.READ_DETAILS, Step.COMPLETE] } : asked),
        readDetails: () => {
          looks += 1;
          return { details: { days: 7, note: '申し送りです' }, hasContact: true };
        },
        acknowledgeHandover: () => {
          taken = true;
          return asked;
        },
        listJournal: () => ({ entries: [{ number: 1, kind: JournalKind.REQUESTED, organisationDisplayName: 'みなと市' }] }),
      },
    },
    Role.GROUP,
  );
  await screen.findByText('あなたの団体に引き継ぎの申し出があります。');
  expect(looks).toBe(0);
  await fireEvent.click(screen.getByRole('button', { name: '内容を見る' }));
  await screen.findByText('申し送りです');
  expect(looks).toBe(1);
  expect(screen.getByText('連絡先は、引き受けた後に表示されます。')).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: 'この依頼を引き受ける' }));
  await fireEvent.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'この依頼を引き受ける' }));
  await screen.findByText('あなたの団体が担当です。');
  expect(screen.getByRole('button', { name: '完了にする' })).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'この依頼を引き受ける' })).toBeNull();
});

test('small counts are told as few, and never as nothing', async () => {
  open('/support-figures', { support: { getSupportStatistics: () => ({ total: { requests: 8n, people: 24n, medianDaysToAcknowledgeTenths: 15, medianDaysToDoneTenths: -1 }, rows: [{ key: '2026-11', suppressed: true }] }) } }, Role.AUDITOR);
  expect(await screen.findAllByText('5件未満')).toHaveLength(1);
  expect(screen.getByText('1.5')).toBeTruthy();
});

const page = {
  code: 'spring',
  state: PublicState.OPEN,
  title: { ja: '若者応援パック' },
  text: { ja: '食品を届けます。' },
  questions: [{ item: QuestionItem.CONTACT, required: true }],
  closesDate: '2027-03-31',
  organisationDisplayName: 'フードネット',
  retentionDays: 180,
};
const nobody: Overrides['identity'] = {
  getSession: () => {
    throw new ConnectError('nobody', Code.Unauthenticated);
  },
};

test('anyone applies without signing in, and sees the receipt once', async () => {
  let sent: Record<string, unknown> | undefined;
  open('/campaign/spring', {
    identity: nobody,
    campaigns: {
      getPublicCampaign: () => page,
      submitApplication: (request) => {
        sent = request as unknown as Record<string, unknown>;
        return { receipt: 'ABCDE-FGHJK-LMNPQ-RSTUV', application: { state: ApplicationState.RECEIVED } };
      },
    },
  });
  await screen.findByRole('heading', { name: '若者応援パック' });
  await choosePlace('住んでいる市区町村');
  await fireEvent.input(screen.getByLabelText('18〜64歳'), { target: { value: '1' } });
  await fireEvent.input(screen.getByLabelText('受け渡しの連絡先'), { target: { value: '駅の東口' } });
  await fireEvent.click(screen.getByLabelText('書いた内容を、食品を届けるために使うことに同意します。'));
  expect(screen.queryByLabelText('メモ')).toBeNull();
  await fireEvent.click(screen.getByRole('button', { name: '申し込む' }));
  await screen.findByText('ABCDE-FGHJK-LMNPQ-RSTUV');
  expect(sent).toMatchObject({ code: 'spring', consent: true, website: '', details: { contact: '駅の東口', days: 0, place: 0 } });
});

test('a full campaign says so and offers no form', async () => {
  open('/campaign/spring', { identity: nobody, campaigns: { getPublicCampaign: () => ({ ...page, state: PublicState.FULL, closingText: { ja: '次回は秋です。' } }) } });
  await screen.findByText('次回は秋です。');
  expect(screen.getByText('定員に達したため、受付を終了しました。')).toBeTruthy();
  expect(screen.queryByRole('button', { name: '申し込む' })).toBeNull();
});

test('with the receipt one sees how far it is and withdraws', async () => {
  let withdrawn = false;
  open('/campaign/spring/receipt', {
    identity: nobody,
    campaigns: {
      getPublicApplication: (request) => {
        if (request.receipt !== 'ABCDE') throw new ConnectError('none', Code.NotFound, undefined, [{ desc: LocalizedMessageSchema, value: { locale: 'ja', message: '見つかりません。' } }]);
        return { state: withdrawn ? ApplicationState.WITHDRAWN : ApplicationState.RECEIVED, declineReason: DeclineReason.UNSPECIFIED };
      },
      withdrawApplication: () => {
        withdrawn = true;
        return {};
      },
    },
  });
  await fireEvent.input(await screen.findByLabelText('受付番号'), { target: { value: 'WRONG' } });
  await fireEvent.click(screen.getByRole('button', { name: '状況を確認する' }));
  await screen.findByText('見つかりません。');
  await fireEvent.input(screen.getByLabelText('受付番号'), { target: { value: 'ABCDE' } });
  await fireEvent.click(screen.getByRole('button', { name: '状況を確認する' }));
  await screen.findByText('受け付けました。担当の団体が確認しています。');
  await fireEvent.click(screen.getByRole('button', { name: '申し込みを取り下げる' }));
  await fireEvent.click(within(await screen.findByRole('dialog')).getByRole('button', { name: '申し込みを取り下げる' }));
  await screen.findByText('取り下げられました。書いた内容は消去されています。');
});

test('every character of the public form can be read: those with a reading have one, and the rest is kana', () => {
  const shown = [
    ...(['days', 'allergens', 'allergensMore', 'tags', 'cooking', 'place', 'placeText', 'placeTextHint', 'note', 'noteHintPublic', 'contactShort', 'contactHintPublic', 'cookingHint', 'household'] as const).map((key) => words(key)),
    words('daysValue', { days: 7, people: 2 }),
    words('people', { n: 2 }),
    ...(['municipalityPublic', 'municipalityPublicHint', 'householdPublic', 'urgencyPublic', 'consent', 'submit', 'thanks', 'thanksWaiting', 'receiptCopy', 'checkTitle', 'checkHint', 'receiptField', 'check', 'withdraw'] as const).map((key) => campaignWords(key)),
    ...BANDS.map(([band]) => label.age(band)),
    ...PLACES.map(label.placeAsked),
    ...COOKINGS.map(label.cooking),
    ...URGENCIES.map(label.urgency),
    ...REASONS.map(label.decline),
    ...MANDATORY.map(profileLabel.allergen),
    ...RECOMMENDED.map(profileLabel.allergen),
    ...TAGS.filter((tag) => tag !== DietaryTag.NEEDS_COOKING && tag !== DietaryTag.STOCKPILE).map(profileLabel.tag),
  ];
  const unread = shown.map((text) => readings(text)).filter((text) => /\p{Script=Han}/u.test(text.replace(/\{[^{}|]+\|[^{}|]+\}/g, '')));
  expect(unread).toEqual([]);
});
