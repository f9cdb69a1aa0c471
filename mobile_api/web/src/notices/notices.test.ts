import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, createRouterTransport, type ServiceImpl } from '@connectrpc/connect';
import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { beforeAll, beforeEach, expect, test } from 'vitest';

import { connect } from '../api/clients';
import { session } from '../api/session.svelte';
import App from '../App.svelte';
import { NoticeKind } from '../gen/kubari/notifications/v1/notice_pb';
import { Channel, DeliveryState, NotificationsService, PreferencesSchema, Timing, WebhookState } from '../gen/kubari/notifications/v1/notifications_pb';
import { Role } from '../gen/kubari/type/v1/access_pb';
import { router } from '../router.svelte';
import { at, id, routes as network, sessionAs } from '../testing/network';
import { allKinds, kindName } from './kinds';
import { notices } from './routes';
import { unread } from './unread.svelte';
import { t } from './words';

// Pages are loaded on demand; here beforehand, as a busy machine takes its time.
beforeAll(async () => {
  for (const route of notices) await route.page();
  await import('./Bell.svelte');
}, 240_000);
beforeEach(() => router.go('/'));

function open(path: string, service: Partial<ServiceImpl<typeof NotificationsService>>, role = Role.ADMINISTRATOR) {
  const own = sessionAs(role);
  own.subject = `people/${id(70)}`;
  connect(
    createRouterTransport((router) => {
      network(own, { identity: { setLocale: () => ({}) } })(router);
      router.service(NotificationsService, { countUnread: () => ({ unread: 2 }), ...service });
    }),
  );
  router.go(path);
  return render(App);
}
const text = (ja: string, en: string) => ({ ja, en });
const notice = (n: number, read = false) => ({
  name: `notices/${id(n)}`,
  kind: NoticeKind.RECALL,
  subject: text(`回収 ${n}`, `Recall ${n}`),
  text: text('配らないでください。', 'Do not hand it out.'),
  link: '/',
  occurredTime: at('2026-11-20T00:00:00Z'),
  readTime: read ? at('2026-11-20T01:00:00Z') : undefined,
});

test('every kind has a name in both languages', () => {
  for (const kind of allKinds) {
    expect(t.dictionaries.ja[`kind.${NoticeKind[kind]}`], NoticeKind[kind]).toBeTruthy();
    expect(t.dictionaries.en[`kind.${NoticeKind[kind]}`], NoticeKind[kind]).toBeTruthy();
  }
  expect(kindName(4711 as NoticeKind)).toContain('kind.');
});

test('notices are read, and the bell knows', async () => {
  const marked: unknown[] = [];
  open('/notices', {
    listNotices: () => ({ notices: [notice(1), notice(2, true)] }),
    markNotices: (request) => {
      marked.push(...request.names, request.allUntilTime ? 'all' : '');
      return { unread: request.allUntilTime ? 0 : 1 };
    },
  });
  expect(await screen.findByRole('heading', { name: '回収 1' })).toBeTruthy();
  await waitFor(() => expect(unread.count).toBe(2));
  expect(await screen.findByRole('link', { name: '通知 未読2件' })).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: '既読にする 回収 1' }));
  await waitFor(() => expect(screen.getAllByRole('button', { name: /未読に戻す/ })).toHaveLength(2));
  expect(unread.count).toBe(1);
  await fireEvent.click(screen.getByRole('button', { name: 'すべて既読にする' }));
  await waitFor(() => expect(screen.getByRole('link', { name: '通知' })).toBeTruthy());
  expect(marked).toEqual([`notices/${id(1)}`, '', 'all']);
});

test('the number on the bell is never that of who was here before', async () => {
  let late = (_: { unread: number }) => {};
  const gone = new Promise<{ unread: number }>((done) => (late = done));
  let calls = 0;
  open('/', { countUnread: () => (calls++ === 0 ? gone : { unread: 5 }) });
  await screen.findByRole('link', { name: '通知' });
  await waitFor(() => expect(calls).toBe(1));
  const next = sessionAs(Role.AUDITOR);
  next.subject = `people/${id(71)}`;
  session.begin(next);
  expect(await screen.findByRole('link', { name: '通知 未読5件' })).toBeTruthy();
  late({ unread: 9 });
  await new Promise((done) => setTimeout(done));
  expect(unread.count).toBe(5);
});

test('only what was changed is sent, and a recall cannot be switched off', async () => {
  let sent: unknown;
  const now = create(PreferencesSchema, {
    kinds: [
      { kind: NoticeKind.RECALL, timing: Timing.AT_ONCE, defaultTiming: Timing.AT_ONCE, fixed: true },
      { kind: NoticeKind.LINES_OFFERED, timing: Timing.AT_ONCE, defaultTiming: Timing.AT_ONCE },
      { kind: NoticeKind.LINE_EXPIRED, timing: Timing.DAILY, defaultTiming: Timing.DAILY },
    ],
    digestHour: 7,
    email: 'taro@group.example',
    locale: 'ja',
    etag: '3',
  });
  open('/notices/settings', { getPreferences: () => now, updatePreferences: (request) => ((sent = request), now) }, Role.GROUP);
  await fireEvent.change(await screen.findByLabelText('食品のご提案'), { target: { value: String(Timing.NEVER) } });
  expect(screen.getByText('かならず、すぐに送ります')).toBeTruthy();
  expect(screen.getByText(/いまはメールを送る設定がありません/)).toBeTruthy();
  await fireEvent.change(screen.getByLabelText('「まとめて」のメールを送る時刻'), { target: { value: '18' } });
  await fireEvent.click(screen.getByRole('button', { name: '保存する' }));
  await waitFor(() => expect(sent).toMatchObject({ kinds: [{ kind: NoticeKind.LINES_OFFERED, timing: Timing.NEVER }], digestHour: 18, etag: '3' }));
  expect(await screen.findByText('保存しました。')).toBeTruthy();
});

test('the link of an e-mail stops it by a button, and not before', async () => {
  const tokens: string[] = [];
  open('/stop-emails/AB-_9=', { stopEmails: (request) => (tokens.push(request.token), { kinds: [NoticeKind.STOCK_ALERTS] }) });
  // Who is signed in is known when the bell is there; the page is shown anew then.
  await screen.findByRole('link', { name: '通知 未読2件' });
  const button = await screen.findByRole('button', { name: 'メールを停止する' });
  expect(tokens).toEqual([]);
  await fireEvent.click(button);
  expect(await screen.findByText('メールを停止しました。')).toBeTruthy();
  expect(screen.getByText(kindName(NoticeKind.STOCK_ALERTS))).toBeTruthy();
  expect(tokens).toEqual(['AB-_9=']);
});

test('an administrator adds a webhook and sees its secret once; a dead letter is sent again', async () => {
  let retried: string[] = [];
  const hook = { name: `webhooks/${id(5)}`, displayName: '集計', url: 'https://hook.example/', state: WebhookState.ENABLED, etag: '1' };
  open('/admin/notifications', {
    getEmailStatus: () => ({ configured: true, server: 'mail.example:587', sender: 'kubari@example.org', encrypted: true, waiting: 3, failed: 1 }),
    listWebhooks: () => ({ webhooks: [hook] }),
    createWebhook: (request) => {
      if (request.webhook?.url === 'https://localhost/') throw new ConnectError('no', Code.FailedPrecondition);
      return { webhook: hook, secret: 'whsec_abc' };
    },
    listDeliveries: () => ({
      deliveries: [{ name: `deliveries/${id(9)}`, kind: NoticeKind.RECALL, subject: text('回収', 'Recall'), channel: Channel.EMAIL, recipientDisplayName: '太郎', state: DeliveryState.FAILED, attempts: 1, lastError: 'RCPT: 550 no such mailbox', createTime: at('2026-11-20T00:00:00Z') }],
    }),
    retryDeliveries: (request) => ((retried = request.names), {}),
  });
  expect(await screen.findByText('mail.example:587')).toBeTruthy();
  expect(await screen.findByText(/550 no such mailbox/)).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: 'もう一度送る 太郎' }));
  await waitFor(() => expect(retried).toEqual([`deliveries/${id(9)}`]));
  await fireEvent.click(screen.getByRole('button', { name: 'Webhookを追加' }));
  const dialog = within(await screen.findByRole('dialog'));
  await fireEvent.input(dialog.getByLabelText('名前'), { target: { value: '集計' } });
  await fireEvent.input(dialog.getByLabelText('送り先（https://…）'), { target: { value: 'https://hook.example/' } });
  await fireEvent.click(dialog.getByRole('button', { name: 'Webhookを追加' }));
  expect(await screen.findByText('whsec_abc')).toBeTruthy();
});
