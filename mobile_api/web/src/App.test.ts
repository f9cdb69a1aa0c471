import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { beforeEach, expect, test } from 'vitest';

import App from './App.svelte';
import { session } from './api/session.svelte';
import { BadRequestSchema, ErrorInfoSchema, LocalizedMessageSchema } from './gen/google/rpc/error_details_pb';
import { LineState } from './gen/kubari/allocation/v1/allocation_pb';
import { Role } from './gen/kubari/type/v1/access_pb';
import { language } from './i18n/language.svelte';
import { router } from './router.svelte';
import { id, sessionAs, useNetwork, type Overrides } from './testing/network';

beforeEach(() => router.go('/'));

function open(role: Role, path = '/', over: Overrides = {}) {
  useNetwork(sessionAs(role), over);
  router.go(path);
  return render(App);
}

function refusal(code: Code, reason: string, ja: string, field = ''): ConnectError {
  return new ConnectError(reason, code, undefined, [
    { desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { reason }) },
    { desc: LocalizedMessageSchema, value: create(LocalizedMessageSchema, { locale: 'ja', message: ja }) },
    ...(field ? [{ desc: BadRequestSchema, value: create(BadRequestSchema, { fieldViolations: [{ field, description: ja }] }) }] : []),
  ]);
}

test('signed out: the sign-in page stands in the page’s place; afterwards one is back where one was', async () => {
  let header = '';
  open(Role.COORDINATOR, '/lots/K7M2PQ4', {
    identity: {
      getSession: () => { throw new ConnectError('no', Code.Unauthenticated); },
      signIn: (request, context) => {
        header = context.requestHeader.get('kubari-session') ?? '';
        if (request.password !== 'correct horse battery') throw refusal(Code.Unauthenticated, 'SIGN_IN_FAILED', 'メールアドレスかパスワードが違います。');
        return { session: sessionAs(Role.COORDINATOR) };
      },
    },
  });
  expect(await screen.findByRole('heading', { name: 'サインイン' })).toBeTruthy();
  await fireEvent.input(screen.getByLabelText('メールアドレス'), { target: { value: 'a@network.example' } });
  await fireEvent.input(screen.getByLabelText('パスワード'), { target: { value: 'wrong' } });
  await fireEvent.click(screen.getByRole('button', { name: 'サインイン' }));
  const alert = await screen.findByRole('alert');
  expect(alert.textContent).toContain('メールアドレスかパスワードが違います。');
  expect(alert.textContent).toContain('SIGN_IN_FAILED');
  await fireEvent.input(screen.getByLabelText('パスワード'), { target: { value: 'correct horse battery' } });
  await fireEvent.click(screen.getByRole('button', { name: 'サインイン' }));
  expect(await screen.findByRole('heading', { name: 'やわらかごはん 200gの足どり' })).toBeTruthy();
  expect(header).toBe('cookie');
});

test('a session that ends while one works leads to sign-in', async () => {
  open(Role.COORDINATOR, '/stock', { stock: { listBalances: () => { throw new ConnectError('over', Code.Unauthenticated); } } });
  expect(await screen.findByRole('heading', { name: 'サインイン' })).toBeTruthy();
  expect(session.value).toBeNull();
});

test('joining by an invite names the device and goes home', async () => {
  let sent: unknown;
  open(Role.VOLUNTEER, '/join/ABCDE-FGHJK', {
    identity: { redeemInvite: (request) => { sent = request; return { session: sessionAs(Role.VOLUNTEER) }; } },
  });
  await fireEvent.input(await screen.findByLabelText('この端末の名前'), { target: { value: '倉庫スマホ 3' } });
  await fireEvent.click(screen.getByRole('button', { name: '参加する' }));
  expect(await screen.findByRole('heading', { name: '倉庫ボランティアのホーム' })).toBeTruthy();
  expect(sent).toMatchObject({ code: 'ABCDE-FGHJK', deviceDisplayName: '倉庫スマホ 3' });
});

test.each([
  [Role.VOLUNTEER, '倉庫ボランティアのホーム', [], '準備 1件'],
  [Role.WAREHOUSE_MANAGER, '倉庫管理者のホーム', ['出庫の準備（ピッキング）', '入庫予定', '在庫（期限の近い順）', '招待', '端末'], '倉庫スマホ 1'],
  [Role.COORDINATOR, 'コーディネーターのホーム', ['あなたを待っていること', '届くもの', '期限と在庫の注意', 'これまでの成果'], '1,234点'],
  [Role.DONOR, '寄付企業のホーム', ['自社の寄付申出', '自社のロット', 'これまでの成果'], '秋の介護食'],
  [Role.GROUP, '受取団体のホーム', ['回答をお待ちしている品', '配送中の品', 'これまでに受け取った品'], '48点'],
  [Role.AUDITOR, '監査のホーム', [/^今年度の成果/, '台帳', '配分の再計算'], '1,234点'],
  [Role.ADMINISTRATOR, '管理者のホーム', ['利用者', '招待', '端末'], 'hanako@network.example'],
])('home of role %s shows what waits', async (role, title, sections, text) => {
  open(role);
  expect(await screen.findByRole('heading', { level: 1, name: title })).toBeTruthy();
  for (const name of sections) expect(await screen.findByRole('heading', { level: 2, name })).toBeTruthy();
  await waitFor(() => expect(document.body.textContent).toContain(text));
  await waitFor(() => expect(screen.queryByText('読み込んでいます')).toBeNull());
  expect(screen.queryByRole('alert')).toBeNull();
});

test('who holds two roles chooses between their homes', async () => {
  useNetwork(sessionAs(Role.COORDINATOR, Role.ADMINISTRATOR));
  render(App);
  await fireEvent.click(await screen.findByRole('button', { name: '管理者' }));
  expect(await screen.findByRole('heading', { level: 1, name: '管理者のホーム' })).toBeTruthy();
});

test('everything is there in English too', async () => {
  open(Role.COORDINATOR);
  await screen.findByRole('heading', { level: 1 });
  await fireEvent.click(screen.getByRole('button', { name: 'English' }));
  expect(screen.getByRole('heading', { level: 1, name: 'Home: Coordinator' })).toBeTruthy();
  expect(document.documentElement.lang).toBe('en');
  expect(language.current).toBe('en');
});

test('empty lists say so', async () => {
  open(Role.GROUP, '/', { allocation: { listLines: () => ({}) }, stock: { listDeliveries: () => ({}) } });
  expect(await screen.findByText('いま回答が必要なものはありません。')).toBeTruthy();
  expect(await screen.findByText('配送中の品はありません。')).toBeTruthy();
});

test('long lists go on page by page', async () => {
  const tokens: string[] = [];
  open(Role.ADMINISTRATOR, '/', {
    identity: {
      listDevices: (request) => {
        tokens.push(request.pageToken);
        return request.pageToken ? { devices: [{ name: `devices/${id(2)}`, displayName: 'ふたりめ' }] } : { devices: [{ name: `devices/${id(1)}`, displayName: 'ひとりめ' }], nextPageToken: 'two' };
      },
    },
  });
  await screen.findByRole('cell', { name: 'ひとりめ' });
  await fireEvent.click(screen.getByRole('button', { name: 'もっと見る' }));
  await screen.findByRole('cell', { name: 'ふたりめ' });
  expect(screen.getByRole('cell', { name: 'ひとりめ' })).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'もっと見る' })).toBeNull();
  expect(tokens).toEqual(['', 'two']);
});

test('a network that is away offers to try again', async () => {
  let calls = 0;
  open(Role.COORDINATOR, '/runs', {
    allocation: { listRuns: () => { if (++calls === 1) throw new ConnectError('away', Code.Unavailable); return { runs: [{ title: '11月の配分' }] }; } },
  });
  const alert = await screen.findByRole('alert');
  expect(alert.textContent).toContain('サーバーにつながりません');
  await fireEvent.click(within(alert).getByRole('button', { name: 'もう一度試す' }));
  expect(await screen.findByText('11月の配分')).toBeTruthy();
  expect(screen.queryByRole('alert')).toBeNull();
});

test('a group accepts in part; what the service says about a field stands beside it', async () => {
  const sent: { items: bigint; requestId: string }[] = [];
  open(Role.GROUP, '/', {
    allocation: {
      acceptLine: (request) => {
        sent.push(request);
        if (sent.length === 1) throw refusal(Code.InvalidArgument, 'NOT_WHOLE_CASES', '24点の倍数にしてください。', 'items');
        return {};
      },
    },
  });
  await fireEvent.click(await screen.findByRole('button', { name: /^一部だけ/ }));
  const field = screen.getByLabelText<HTMLInputElement>('受け取る数（点）');
  expect(field.value).toBe('48');
  await fireEvent.input(field, { target: { value: '24' } });
  await fireEvent.click(screen.getByRole('button', { name: 'この数で受け取る' }));
  await waitFor(() => expect(field.getAttribute('aria-invalid')).toBe('true'));
  expect(document.getElementById(field.getAttribute('aria-describedby')!.split(' ').at(-1)!)?.textContent).toContain('24点の倍数にしてください。');
  await fireEvent.click(screen.getByRole('button', { name: 'この数で受け取る' }));
  await waitFor(() => expect(screen.queryByLabelText('受け取る数（点）')).toBeNull());
  expect(sent.map((request) => request.items)).toEqual([24n, 24n]);
  expect(sent[0].requestId).toBe(sent[1].requestId);
});

test('a group accepts all of a delivery at once, line by line; what fails says why and can be sent again', async () => {
  const sent: { name: string; items: bigint; requestId: string }[] = [];
  let away = true;
  const line = (n: number, product: string) => ({ name: `runs/${id(60)}/lines/${id(n)}`, delivery: `deliveries/${id(50)}`, state: LineState.OFFERED, productDisplayName: product, items: 24n, itemsPerCase: 24n });
  let open_ = [line(61, 'ごはん'), line(62, '缶詰')];
  open(Role.GROUP, '/', {
    allocation: {
      listLines: (request) => ({ lines: request.states[0] === LineState.OFFERED ? open_ : [] }),
      acceptLine: (request) => {
        sent.push(request);
        if (request.name.endsWith(id(62)) && away) throw new ConnectError('away', Code.Unavailable);
        open_ = open_.filter((one) => one.name !== request.name);
        return {};
      },
    },
  });
  await fireEvent.click(await screen.findByRole('button', { name: 'まとめて全部受け取る' }));
  await waitFor(() => expect(screen.getByRole('alert').textContent).toContain('サーバーにつながりません'));
  await waitFor(() => expect(screen.queryByRole('heading', { name: 'ごはん' })).toBeNull());
  away = false;
  await fireEvent.click(screen.getByRole('button', { name: '全部受け取る 缶詰' }));
  await waitFor(() => expect(screen.queryByRole('heading', { name: '缶詰' })).toBeNull());
  expect(sent.map((one) => [one.name.slice(-2), one.items])).toEqual([['61', 24n], ['62', 24n], ['62', 24n]]);
  expect(sent[1].requestId).toBe(sent[2].requestId);
});

test('a group says by one tap that everything arrived', async () => {
  let sent: unknown;
  open(Role.GROUP, '/', { stock: { confirmReceipt: (request) => { sent = request; return {}; } } });
  await fireEvent.click(await screen.findByRole('button', { name: '✓ 全部届いた' }));
  await waitFor(() => expect(sent).toMatchObject({ delivery: `deliveries/${id(50)}`, lines: [] }));
});

test('a group refuses with a reason', async () => {
  let sent: unknown;
  open(Role.GROUP, '/', { allocation: { refuseLine: (request) => { sent = request; return {}; } } });
  await fireEvent.click(await screen.findByRole('button', { name: /^断る/ }));
  const dialog = screen.getByRole('dialog');
  await fireEvent.change(within(dialog).getByLabelText('理由'), { target: { value: 'NO_SPACE' } });
  await fireEvent.click(within(dialog).getByRole('button', { name: '断る' }));
  await waitFor(() => expect(sent).toMatchObject({ reason: 'NO_SPACE', name: `runs/${id(60)}/lines/${id(61)}` }));
});

test('a group confirms receipt; only what is short is named', async () => {
  let sent: unknown;
  open(Role.GROUP, '/', { stock: { confirmReceipt: (request) => { sent = request; return {}; } } });
  await fireEvent.click(await screen.findByRole('button', { name: '数が違う' }));
  await fireEvent.input(screen.getByLabelText('届いた数（点）'), { target: { value: '70' } });
  await fireEvent.change(screen.getByLabelText('足りない理由'), { target: { value: 'DAMAGED' } });
  await fireEvent.click(screen.getByRole('button', { name: '受領を確定する' }));
  await waitFor(() => expect(sent).toMatchObject({ delivery: `deliveries/${id(50)}`, lines: [{ lot: `lots/${id(1)}`, items: 70n, reason: 'DAMAGED' }] }));
});

test('an administrator makes a sign-in link, shown as QR code and address', async () => {
  open(Role.ADMINISTRATOR);
  await fireEvent.click(await screen.findByRole('button', { name: 'リンクを作る 管理 花子' }));
  await fireEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'リンクを作る' }));
  const link = await screen.findByRole<HTMLAnchorElement>('link', { name: /#\/join\/ABCDE-FGHJK-LMNPQ-RSTUV$/ });
  expect(link.href).toContain(location.origin);
  expect(screen.getByRole('img', { name: '招待のQRコード' }).querySelector('path')!.getAttribute('d')!.length).toBeGreaterThan(1000);
});

test('an auditor goes from a figure to the movements behind it', async () => {
  let filter: unknown;
  open(Role.AUDITOR, '/figures?period=all', { impact: { listImpactMovements: (request) => { filter = request.filter; return { movements: [{ position: 4n, date: '2026-11-05', kind: 'CONFIRM', items: 70n, lot: `lots/${id(1)}`, productDisplayName: 'ごはん' }] }; } } });
  await fireEvent.click(await screen.findByRole('link', { name: '記録を見る 2026年11月' }));
  expect(await screen.findByRole('heading', { level: 1, name: '数字のもとになる記録' })).toBeTruthy();
  await waitFor(() => expect(filter).toMatchObject({ fromDate: '2026-11-01', toDate: '2026-11-30' }));
  expect(await screen.findByRole('link', { name: 'ごはん' })).toBeTruthy();
  expect(screen.getByRole<HTMLAnchorElement>('link', { name: '4' }).hash).toBe('#/ledger/4');
});

test('a lot’s path: facts, drawing, table, holders, movements', async () => {
  open(Role.COORDINATOR, '/lots/K7M2PQ4');
  await screen.findByRole('heading', { level: 1, name: 'やわらかごはん 200gの足どり' });
  const text = document.body.textContent!;
  for (const expected of ['賞味期限 2027年3月', '秋の介護食', '例示食品株式会社', '配布しない都道府県：東京都', '引渡し時の残日数 14日以上']) expect(text).toContain(expected);
  expect(screen.getByRole('img', { name: /線は4本/ }).querySelectorAll('path')).toHaveLength(4);
  const holders = screen.getByRole('table', { name: 'いまどこにあるか' });
  expect([...holders.querySelectorAll('td:last-child')].map((cell) => cell.textContent?.trim())).toEqual(['168点', '70点', '2点']);
  const rows = within(screen.getByRole('table', { name: 'すべての動き（古い順）' })).getAllByRole('row');
  expect(rows).toHaveLength(8);
  expect(rows[3].textContent).toContain('訂正（1番の出庫を取消）');
});

test('a lot that is not there says so in the service’s words', async () => {
  open(Role.COORDINATOR, '/lots/ZZZZZZZ', { stock: { traceLot: () => { throw refusal(Code.NotFound, 'LOT_NOT_FOUND', 'ロット ZZZZZZZ はありません。'); } } });
  expect((await screen.findByRole('alert')).textContent).toContain('ロット ZZZZZZZ はありません。');
  expect(screen.getByRole('link', { name: 'ロットを探す' })).toBeTruthy();
});

test('searching by a lot’s code opens its path; other codes are looked up', async () => {
  open(Role.VOLUNTEER, '/lots');
  const field = await screen.findByLabelText('ロットを探す');
  await fireEvent.input(field, { target: { value: ' k7m2pq4 ' } });
  await fireEvent.click(screen.getByRole('button', { name: '探す' }));
  expect(router.path).toBe('/lots/K7M2PQ4');
  router.go('/lots');
  await fireEvent.input(await screen.findByLabelText('ロットを探す'), { target: { value: '9520000000019' } });
  await fireEvent.click(screen.getByRole('button', { name: '探す' }));
  await waitFor(() => expect(router.path).toBe('/lots/K7M2PQ4'));
});

test('signing out ends at the sign-in page', async () => {
  open(Role.DONOR, '/account');
  await fireEvent.click(await screen.findByRole('button', { name: 'サインアウト' }));
  expect(await screen.findByRole('heading', { name: 'サインイン' })).toBeTruthy();
});

test('a group reads a recall notice, says so, and tells what became of the goods', async () => {
  const told: unknown[] = [];
  let read = false;
  open(Role.GROUP, '/', {
    recalls: {
      listRecallNotices: () => ({
        notices: [
          {
            name: `recalls/${id(90)}/notices/${id(91)}`,
            title: 'やわらかごはんの回収',
            message: '包装に穴があります。食べないでください。',
            holder: `groups/${id(30)}`,
            holderDisplayName: 'みどり子ども食堂',
            acknowledgeTime: read ? { seconds: 1n } : undefined,
            lines: [{ lot: { name: `lots/${id(1)}`, code: 'K7M2PQ4', productDisplayName: 'やわらかごはん 200g' }, heldItems: 70n, openItems: 70n }],
          },
        ],
      }),
      acknowledgeNotice: (request) => { told.push(request.name); read = true; return {}; },
      answerNotice: (request) => { told.push(request.lines.map((line) => [line.lot, line.discardedItems, line.consumedItems])); return {}; },
    },
  });
  expect(await screen.findByText('包装に穴があります。食べないでください。')).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: '確認しました' }));
  expect(await screen.findByText('確認済み')).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: '状況を回答する' }));
  await fireEvent.input(await screen.findByLabelText('いま廃棄した数'), { target: { value: '60' } });
  await fireEvent.input(screen.getByLabelText('配布・消費した数（合計）'), { target: { value: '10' } });
  await fireEvent.click(screen.getByRole('button', { name: '回答する' }));
  await waitFor(() => expect(told).toEqual([`recalls/${id(90)}/notices/${id(91)}`, [[`lots/${id(1)}`, 60n, 10n]]]));
});

test('a coordinator starts a recall at the lot: first a look at who is reached, then it stops', async () => {
  let opened: unknown;
  open(Role.COORDINATOR, '/lots/K7M2PQ4', {
    recalls: {
      previewRecall: (request) => ({ lots: [{ code: 'K7M2PQ4' }], holders: request.goods?.gtin ? [] : [{ place: { displayName: '東倉庫 A-01' }, items: 168n }] }),
      openRecall: (request) => { opened = request; return {}; },
    },
  });
  await fireEvent.click(await screen.findByRole('button', { name: '回収を始める' }));
  const dialog = within(await screen.findByRole('dialog'));
  expect(await dialog.findByText('ロット1件、1か所にあります。')).toBeTruthy();
  await fireEvent.input(dialog.getByLabelText('相手への案内'), { target: { value: '食べずに返してください。' } });
  await fireEvent.click(dialog.getByRole('button', { name: '回収を始める' }));
  await waitFor(() => expect(opened).toMatchObject({ message: '食べずに返してください。', goods: { lots: [`lots/${id(1)}`] }, drill: false }));
});

test('alerts: how many of each kind, and the list of the chosen one', async () => {
  open(Role.COORDINATOR, '/alerts');
  await fireEvent.click(await screen.findByRole('button', { name: /期限が近く、行き先がない\s*2/ }));
  expect(await screen.findByRole('table', { name: '期限が近く、行き先がない' })).toBeTruthy();
  expect(screen.queryByRole('button', { name: /期限が過ぎた在庫/ })).toBeNull();
});

test('the code on a delivery sheet opens the delivery, and the group confirms it there', async () => {
  let confirmed = '';
  const name = `deliveries/${id(50)}`;
  open(Role.GROUP, `/${name}`, {
    stock: {
      getDelivery: () => ({ name, groupDisplayName: 'みどり子ども食堂', state: confirmed ? 2 : 1, lines: [{ lot: { name: `lots/${id(1)}`, productDisplayName: 'やわらかごはん 200g' }, issuedItems: 72n, confirmedItems: confirmed ? 72n : 0n }] }),
      confirmReceipt: (request) => { confirmed = request.delivery; return {}; },
    },
  });
  await fireEvent.click(await screen.findByRole('button', { name: '数が違う' }));
  const dialog = within(await screen.findByRole('dialog'));
  await fireEvent.click(dialog.getByRole('button', { name: '受領を確定する' }));
  await waitFor(() => expect(confirmed).toBe(name));
});
