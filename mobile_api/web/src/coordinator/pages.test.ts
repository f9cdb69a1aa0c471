import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { beforeAll, beforeEach, expect, test } from 'vitest';

import App from '../App.svelte';
import { ErrorInfoSchema, LocalizedMessageSchema } from '../gen/google/rpc/error_details_pb';
import { LineState, Policy, RunState } from '../gen/kubari/allocation/v1/allocation_pb';
import { OfferState } from '../gen/kubari/donors/v1/donors_pb';
import { GroupState } from '../gen/kubari/groups/v1/groups_pb';
import { Role } from '../gen/kubari/type/v1/access_pb';
import { router } from '../router.svelte';
import { at, id, sessionAs, useNetwork, type Overrides } from '../testing/network';
import { coordinator } from './routes';

// Pages are loaded on demand; here beforehand, as a busy machine takes its time.
const shown = ['/offers/:offer', '/stock', '/runs', '/runs/:run', '/runs/:run/groups/:group', '/groups/:group', '/rules'];
beforeAll(async () => {
  for (const route of coordinator) if (shown.includes(route.path)) await route.page();
}, 240_000);
beforeEach(() => router.go('/'));

function open(path: string, over: Overrides = {}, role = Role.COORDINATOR) {
  useNetwork(sessionAs(role), over);
  router.go(path);
  return render(App);
}
const dialog = async () => within(await screen.findByRole('dialog'));

const submitted = {
  name: `offers/${id(40)}`,
  donor: `donors/${id(20)}`,
  code: '2026-11-A',
  title: '秋の介護食',
  state: OfferState.SUBMITTED,
  etag: 'e1',
  lines: [
    { name: `offers/${id(40)}/lines/${id(41)}`, productDisplayName: 'ごはん', cases: 20n, itemsPerCase: 24n },
    { name: `offers/${id(40)}/lines/${id(42)}`, productDisplayName: 'スープ', cases: 5n, itemsPerCase: 30n },
  ],
};

test('an offer is accepted in part, for the only warehouse there is', async () => {
  let sent: unknown;
  open(`/offers/${id(40)}`, { donors: { getOffer: () => submitted, acceptOffer: (request) => { sent = request; return { ...submitted, state: OfferState.ACCEPTED }; } } });
  await fireEvent.click(await screen.findByRole('button', { name: '受け入れる' }));
  const inside = await dialog();
  await waitFor(() => expect(inside.getByLabelText<HTMLSelectElement>('受入れ倉庫').value).toBe(`warehouses/${id(10)}`));
  await fireEvent.input(inside.getByLabelText('ごはん の受入れケース数'), { target: { value: '12' } });
  await fireEvent.input(inside.getByLabelText('一部だけ受け入れる理由'), { target: { value: '棚に入りきりません。' } });
  await fireEvent.click(inside.getByRole('button', { name: '受け入れる' }));
  await waitFor(() => expect(sent).toMatchObject({ name: submitted.name, etag: 'e1', warehouse: `warehouses/${id(10)}`, lines: [{ line: submitted.lines[0].name, cases: 12n }], note: '棚に入りきりません。' }));
});

test('an offer of which nothing is taken cannot be accepted; it is declined with a reason', async () => {
  let declined: unknown;
  open(`/offers/${id(40)}`, { donors: { getOffer: () => submitted, declineOffer: (request) => { declined = request; return {}; } } });
  await fireEvent.click(await screen.findByRole('button', { name: '受け入れる' }));
  let inside = await dialog();
  for (const name of ['ごはん', 'スープ']) await fireEvent.input(inside.getByLabelText(`${name} の受入れケース数`), { target: { value: '0' } });
  expect(inside.getByRole<HTMLButtonElement>('button', { name: '受け入れる' }).disabled).toBe(true);
  await fireEvent.click(inside.getByRole('button', { name: '閉じる' }));
  await fireEvent.click(await screen.findByRole('button', { name: '断る' }));
  inside = await dialog();
  await fireEvent.input(inside.getByLabelText('理由'), { target: { value: '冷凍庫がいっぱいです。' } });
  await fireEvent.click(inside.getByRole('button', { name: '断る' }));
  await waitFor(() => expect(declined).toMatchObject({ reason: '冷凍庫がいっぱいです。', etag: 'e1' }));
});

test('after the goods came, each line tells what is missing or too much', async () => {
  const lines = [{ ...submitted.lines[0], acceptedCases: 10n, receivedItems: 230n }, { ...submitted.lines[1], acceptedCases: 5n, receivedItems: 151n }];
  open(`/offers/${id(40)}`, { donors: { getOffer: () => ({ ...submitted, state: OfferState.ACCEPTED, lines }) } });
  const table = await screen.findByRole('table', { name: '明細' });
  expect([...table.querySelectorAll('tbody td:last-child')].map((cell) => cell.textContent!.trim())).toEqual(['−10点', '+1点']);
});

test('stock is asked for as the address says, and the address follows the filters', async () => {
  const asked: object[] = [];
  open(`/stock?q=ごはん&free=yes&zone=3&sort=free+desc`, { stock: { listBalances: (request) => { asked.push(request); return {}; } } });
  await screen.findByText('条件に合うものはありません。絞り込みを変えてみてください。');
  expect(asked[0]).toMatchObject({ query: 'ごはん', freeOnly: true, temperatureZone: 3, orderBy: 'free desc' });
  await fireEvent.click(screen.getByRole('checkbox', { name: '引当可能なものだけ' }));
  await waitFor(() => expect(asked.at(-1)).toMatchObject({ freeOnly: false }));
  expect(router.query.get('free')).toBeNull();
});

const run = {
  name: `runs/${id(60)}`,
  title: '11月の配分',
  state: RunState.PROPOSED,
  handOverDate: '2026-11-22',
  etag: 'r1',
  summary: { lines: 2, groupsServed: 2, allocatedItems: 72n, freeItems: 100n, unallocated: [{ reason: 'NO_CAPACITY', items: 28n, message: 'No group has room.', messageJa: '置ける団体がありません。' }] },
};
const line = (n: number, group: string, items: bigint, state = LineState.PROPOSED) => ({
  name: `${run.name}/lines/${id(n)}`,
  state,
  group: `groups/${id(n)}`,
  groupDisplayName: group,
  lot: `lots/${id(1)}`,
  lotCode: 'K7M2PQ4',
  place: `places/${id(5)}`,
  productDisplayName: 'ごはん',
  items,
  itemsPerCase: 24n,
  proposedItems: items,
  explanationJa: '世帯あたりがいちばん少ない団体です。',
});
const proposed: Overrides['allocation'] = { getRun: () => run, listLines: () => ({ lines: [line(71, 'みどり', 24n), line(72, 'ひまわり', 48n)] }) };

test('a proposal: figures and what stays, most first, with its reason', async () => {
  open(`/runs/${id(60)}`, { allocation: proposed });
  expect(await screen.findByRole('cell', { name: '置ける団体がありません。' })).toBeTruthy();
  expect(screen.getByRole('cell', { name: '28%' })).toBeTruthy();
});

test('a line’s reason on demand; changed by hand with a reason, and another request once the content changes', async () => {
  const sent: { items: bigint; requestId: string; reason: string }[] = [];
  open(`/runs/${id(60)}?view=lines`, {
    allocation: {
      ...proposed,
      adjustLine: (request) => {
        sent.push(request);
        if (sent.length === 1) throw new ConnectError('x', Code.FailedPrecondition, undefined, [
          { desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { reason: 'NOT_WHOLE_CASES' }) },
          { desc: LocalizedMessageSchema, value: create(LocalizedMessageSchema, { locale: 'ja', message: '24点の倍数にしてください。' }) },
        ]);
        return {};
      },
    },
  });
  await fireEvent.click(await screen.findByRole('button', { name: '理由を見る ごはんをみどりへ' }));
  expect((await dialog()).getByText('世帯あたりがいちばん少ない団体です。')).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: '閉じる' }));
  await fireEvent.click(screen.getByRole('button', { name: '直す ごはんをみどりへ' }));
  const inside = await dialog();
  await fireEvent.input(inside.getByLabelText('数量（点）'), { target: { value: '30' } });
  await fireEvent.input(inside.getByLabelText('直す理由'), { target: { value: '電話で確認' } });
  await fireEvent.click(inside.getByRole('button', { name: 'この数にする' }));
  expect(await inside.findByText('24点の倍数にしてください。')).toBeTruthy();
  await fireEvent.input(inside.getByLabelText('数量（点）'), { target: { value: '48' } });
  await fireEvent.click(inside.getByRole('button', { name: 'この数にする' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(sent).toMatchObject([{ items: 30n, reason: '電話で確認' }, { items: 48n, reason: '電話で確認' }]);
  expect(sent[0].requestId).not.toBe(sent[1].requestId);
});

test('publishing says what it does, and the page follows until it is done', async () => {
  let state = RunState.PROPOSED;
  let asked = 0;
  open(`/runs/${id(60)}`, {
    allocation: {
      ...proposed,
      getRun: () => {
        if (state === RunState.PUBLISHING && ++asked > 1) state = RunState.PUBLISHED;
        return { ...run, state };
      },
      publishRun: () => {
        state = RunState.PUBLISHING;
        return { ...run, state };
      },
    },
  });
  await fireEvent.click(await screen.findByRole('button', { name: '公開する' }));
  const inside = await dialog();
  expect(inside.getByText(/2団体に2件、72点を案内します/)).toBeTruthy();
  await fireEvent.click(inside.getByRole('button', { name: '公開する' }));
  expect(await screen.findByText(/在庫を引き当てています/)).toBeTruthy();
  expect(await screen.findByText('公開済み')).toBeTruthy();
  expect(screen.queryByRole('button', { name: '公開する' })).toBeNull();
});

test('answers: how many of each, what came back, and an answer for a group that telephones', async () => {
  let refused: unknown;
  open(`/runs/${id(60)}?view=answers`, {
    allocation: {
      getRun: () => ({ ...run, state: RunState.PUBLISHED, answerDueTime: at('2026-11-24T00:00:00Z') }),
      listLines: () => ({ lines: [{ ...line(71, 'みどり', 24n, LineState.OFFERED), answerDueTime: at('2020-01-01T00:00:00Z') }, line(72, 'ひまわり', 48n, LineState.REFUSED)] }),
      refuseLine: (request) => { refused = request; return {}; },
    },
  });
  expect(await screen.findByText('回答期限を過ぎました')).toBeTruthy();
  expect(screen.getByRole('link', { name: '新しい配分案を作る' })).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: '断る みどり ごはん' }));
  const inside = await dialog();
  await fireEvent.change(inside.getByLabelText('理由'), { target: { value: 'NO_SPACE' } });
  await fireEvent.click(inside.getByRole('button', { name: '断る' }));
  await waitFor(() => expect(refused).toMatchObject({ name: `${run.name}/lines/${id(71)}`, reason: 'NO_SPACE' }));
});

test('what if: other options are compared, and replace the proposal on request', async () => {
  let revised: unknown;
  open(`/runs/${id(60)}?view=whatif`, {
    allocation: {
      ...proposed,
      tryOptions: (request) => ({
        before: { allocatedItems: 72n },
        after: { allocatedItems: request.options?.tolerancePermille === 50 ? 96n : 72n },
        changedLines: 1,
        groups: [{ group: `groups/${id(71)}`, groupDisplayName: 'みどり', itemsBefore: 24n, itemsAfter: 48n }],
      }),
      reviseRun: (request) => { revised = request; return run; },
    },
  });
  await fireEvent.input(await screen.findByLabelText('公平さのゆとり（‰）'), { target: { value: '50' } });
  await fireEvent.click(screen.getByRole('button', { name: '試す' }));
  // In all, and for each group.
  const cells = async (table: string) => within(await screen.findByRole('table', { name: table })).getAllByRole('cell').map((one) => one.textContent?.trim());
  expect(await cells('いまの案との違い')).toEqual(expect.arrayContaining(['点数', '72点', '96点', '+24点']));
  expect(await cells('受け取る数が変わる団体')).toEqual(expect.arrayContaining(['みどり', '24点', '48点', '+24点']));
  await fireEvent.click(screen.getByRole('button', { name: 'この案に置き換える' }));
  await fireEvent.click((await dialog()).getByRole('button', { name: 'この案に置き換える' }));
  await waitFor(() => expect(revised).toMatchObject({ etag: 'r1', options: { tolerancePermille: 50 }, keepAdjustments: true }));
});

const group = { name: `groups/${id(30)}`, displayName: 'みどり子ども食堂', code: 'G1', state: GroupState.ACTIVE, etag: 'g1', sites: [{ ambientItems: 100n }], households: 12n };

test('a group is suspended with a reason', async () => {
  let sent: unknown;
  open(`/${group.name}`, { groups: { getGroup: () => group, suspendGroup: (request) => { sent = request; return group; } } });
  await fireEvent.click(await screen.findByRole('button', { name: '停止する' }));
  const inside = await dialog();
  await fireEvent.input(inside.getByLabelText('停止の理由'), { target: { value: '休止のため' } });
  await fireEvent.click(inside.getByRole('button', { name: '停止する' }));
  await waitFor(() => expect(sent).toMatchObject({ name: group.name, etag: 'g1', reason: '休止のため' }));
});

test('who only reads a group has no buttons to change it', async () => {
  open(`/${group.name}`, { groups: { getGroup: () => group } }, Role.AUDITOR);
  await screen.findByRole('heading', { level: 1, name: 'みどり子ども食堂' });
  expect(screen.queryByRole('button', { name: '停止する' })).toBeNull();
  expect(screen.queryByRole('button', { name: '合意書を登録' })).toBeNull();
});

test('rules that somebody else changed meanwhile are shown anew', async () => {
  let etag = '1';
  const sent: string[] = [];
  open('/rules', {
    stock: {
      getStockRules: () => ({ minRemainingDaysIntake: etag === '1' ? 0 : 30, nearExpiryDays: 30, unconfirmedDays: 3, transitDays: 3, etag }),
      updateStockRules: (request) => {
        sent.push(request.rules!.etag);
        if (request.rules!.etag === '1') {
          etag = '2';
          throw new ConnectError('x', Code.Aborted, undefined, [{ desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { reason: 'STALE_ETAG' }) }]);
        }
        return { minRemainingDaysIntake: request.rules!.minRemainingDaysIntake, nearExpiryDays: 30, unconfirmedDays: 3, transitDays: 3, etag: '3' };
      },
    },
    alerts: { listMinimums: () => ({}) },
  });
  await fireEvent.click(await screen.findByRole('button', { name: '保存する' }));
  expect(await screen.findByText(/ほかの人が先に変更しました/)).toBeTruthy();
  await waitFor(() => expect(screen.getByLabelText<HTMLInputElement>('入庫のときに残るべき日数').value).toBe('30'));
  await fireEvent.click(screen.getByRole('button', { name: '保存する' }));
  expect(await screen.findByText('保存しました。')).toBeTruthy();
  expect(sent).toEqual(['1', '2']);
});

test('why a group gets this much: a letter in either language, copied or sent to its address', async () => {
  const copied: string[] = [];
  Object.defineProperty(navigator, 'clipboard', { configurable: true, value: { writeText: (text: string) => Promise.resolve(void copied.push(text)) } });
  open(`/runs/${id(60)}/groups/${id(30)}`, {
    allocation: {
      ...proposed,
      explainGroup: () => ({ groupDisplayName: 'みどり子ども食堂', items: 24n, textJa: '24点を配分します。', text: 'You get 24 items.', askedFor: [{ text: 'おむつ', items: 12n, lots: 2, eligibleLots: 1 }] }),
    },
    groups: { getGroup: () => ({ ...group, contactEmail: 'midori@example.org' }) },
  });
  expect(await screen.findByText('24点を配分します。')).toBeTruthy();
  expect(screen.getByRole('cell', { name: 'おむつ' })).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: '文章をコピー' }));
  expect(await screen.findByText('コピーしました。メールやメッセージに貼り付けられます。')).toBeTruthy();
  await fireEvent.click(screen.getByRole('main').querySelector<HTMLButtonElement>('button[lang=en]')!);
  expect(screen.getByText('You get 24 items.')).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: '文章をコピー' }));
  await waitFor(() => expect(copied).toEqual(['24点を配分します。', 'You get 24 items.']));
  await waitFor(() => expect(screen.getByRole('link', { name: 'メールで送る' }).getAttribute('href')).toMatch(/^mailto:midori@example\.org\?subject=.*&body=You%20get%2024%20items\.$/));
  Reflect.deleteProperty(navigator, 'clipboard');
});

test('runs say how they share out, and are chosen by their state', async () => {
  const asked: number[][] = [];
  open('/runs', {
    allocation: {
      ...proposed,
      listRuns: (request) => { asked.push(request.states); return { runs: [{ ...run, policy: Policy.CLAIMS }] }; },
    },
  });
  expect(await screen.findByRole('cell', { name: '早い者順' })).toBeTruthy();
  await fireEvent.change(screen.getByLabelText('状態'), { target: { value: 'PUBLISHED' } });
  await waitFor(() => expect(asked.at(-1)).toEqual([RunState.PUBLISHED]));
});
