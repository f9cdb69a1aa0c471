// What people are told, on screens: which kinds come by e-mail and in which language, the letter and its link that stops it, the inbox and its bell;
// a letter that a mail server refuses is a dead letter, sent again once it can; webhooks and API keys, whose secrets are seen once.
import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { after, before } from 'node:test';

import { all, asKey, callAs, judge, launch, open, pick, server, settled } from './connection.mjs';
import { Mail } from './mail.mjs';
import { button, dialog, go, gone, organisation, skip, walks } from './walks.mjs';
import { day, until, World } from './world.mjs';

const settings = process.env.KUBARI_SMTP_FILE;
const id = randomUUID;

let browser;
let world;
let group;
let administrator;
before(async () => {
  if (skip) return;
  browser = await launch();
  world = await World.make('おしらせ');
  [group, administrator] = [
    await world.signIn(browser, 'ROLE_GROUP', { organisation: organisation(world.group.name), phone: true }),
    await world.signIn(browser, 'ROLE_ADMINISTRATOR', { organisation: world.intermediary }),
  ];
});
after(() => browser?.close());

const walk = walks('notices', () => ({ group, administrator }), /status of 400/);
const ask = (title) =>
  world.do('groups.surveys', 'CreateSurvey', {
    requestId: id(),
    survey: { title, sections: ['SECTION_PEOPLE'], untilDate: day(7), groups: [world.group.name] },
  });
const inbox = (page) => go(page, '/notices');

walk('kinds, hour and language are chosen; only what was changed is', async () => {
  const { page } = group;
  await page.goto(`${server}/#/notices/settings`);
  await page.getByLabel('食品が発送された').selectOption({ label: 'メールしない' });
  await page.getByLabel('登録情報の確認のお願い').selectOption({ label: '1日1回まとめて' });
  await page.getByLabel('「まとめて」のメールを送る時刻').selectOption({ label: '18時' });
  // What must be known cannot be switched off.
  await page.getByRole('listitem').filter({ hasText: /^回収/ }).getByText('かならず、すぐに送ります').waitFor();
  await judge(page, 'notices-settings');
  await page.getByLabel('メールと画面の言語').selectOption('en');
  await button(page, '保存する').click();
  await page.getByText('Saved.').waitFor();
  await judge(page, 'notices-settings-en');
  const chosen = await callAs(page, 'notifications', 'GetPreferences');
  const timing = (kind) => chosen.kinds.find((one) => one.kind === `NOTICE_KIND_${kind}`).timing;
  assert.equal(chosen.locale, 'en');
  assert.equal(chosen.digestHour, 18);
  assert.deepEqual([timing('DELIVERY_SHIPPED'), timing('FACTS_STALE'), timing('SURVEY_OPENED')], ['TIMING_NEVER', 'TIMING_DAILY', 'TIMING_AT_ONCE']);
});

walk('a notice comes by e-mail in the chosen language; its link stops that kind, by a button; the inbox has both', async () => {
  const { page } = group;
  const { email } = await callAs(page, 'notifications', 'GetPreferences');
  const mail = await Mail.make(settings);
  try {
    const first = await ask(`${world.title}の調査1`);
    await until(() => mail.to(email), 'the letter about the survey');
    const { head, text } = mail.to(email);
    assert.match(text, new RegExp(`See it here: \\S+#/group/${first.name}`), 'in English, as chosen');
    // What a mail program's own button leads to, for people.
    const link = /^List-Unsubscribe: <(\S+)>/m.exec(head)?.[1];
    assert.ok(link, head);
    const stop = new URL(link);

    const elsewhere = await open(browser, { phone: true });
    await elsewhere.page.goto(`${server}${stop.pathname}${stop.search}${stop.hash}`);
    await button(elsewhere.page, 'メールを停止する').waitFor();
    const surveys = async () => (await callAs(page, 'notifications', 'GetPreferences')).kinds.find(({ kind }) => kind === 'NOTICE_KIND_SURVEY_OPENED').timing;
    assert.equal(await surveys(), 'TIMING_AT_ONCE', 'opening the link alone does nothing');
    await judge(elsewhere.page, 'notices-stop');
    await button(elsewhere.page, 'メールを停止する').click();
    await elsewhere.page.getByText('メールを停止しました。').waitFor();
    await elsewhere.page.getByRole('listitem').filter({ hasText: '調査の開始' }).waitFor();
    await judge(elsewhere.page, 'notices-stopped');
    assert.deepEqual(elsewhere.complaints, []);
    await elsewhere.context.close();
    assert.equal(await surveys(), 'TIMING_NEVER');

    // The next one stands in the inbox alone.
    const second = await ask(`${world.title}の調査2`);
    await until(async () => (await callAs(page, 'notifications', 'CountUnread')).unread === 2, 'both stand in the inbox');
    await inbox(page);
    await page.getByRole('heading', { name: new RegExp(second.title) }).waitFor();
    await page.getByRole('link', { name: 'Notices, 2 unread' }).waitFor();
    await judge(page, 'notices-inbox');
    await page.getByRole('button', { name: new RegExp(`^Mark as read.*${second.title}`) }).click();
    await page.getByRole('link', { name: 'Notices, 1 unread' }).waitFor();
    await page.getByLabel('Unread only').check();
    await page.getByRole('heading', { name: new RegExp(second.title) }).waitFor({ state: 'detached' });
    await button(page, 'Mark all as read').click();
    await page.getByRole('link', { name: 'Notices', exact: true }).waitFor();
    assert.equal((await callAs(page, 'notifications', 'CountUnread')).unread ?? 0, 0);
    assert.equal(mail.letters.filter(({ to }) => to.includes(email)).length, 1);
    await page.getByRole('banner').getByRole('button', { name: '日本語' }).click();
  } finally {
    mail.close();
  }
}, { skip: !settings && 'KUBARI_SMTP_FILE is not set' });

walk('a letter that is refused is seen by the administrator, and sent again once the mailbox is there', async () => {
  const { page } = administrator;
  const { email } = await callAs(page, 'notifications', 'GetPreferences');
  const mail = await Mail.make(settings);
  try {
    mail.refused.add(email);
    await page.goto(`${server}/#/admin/notifications`);
    await button(page, '自分にお試しメールを送る').click();
    await page.getByText('お試しを送りました。').waitFor();
    const failed = async () =>
      (await callAs(page, 'notifications', 'ListDeliveries', { state: 'DELIVERY_STATE_FAILED', pageSize: 50 })).deliveries?.find((one) => one.kind === 'NOTICE_KIND_TEST' && one.recipientDisplayName === `${world.title}の担当`);
    await until(failed, 'the refusal is recorded');
    await page.getByLabel(/^状態/).selectOption({ label: '送れなかった' });
    const row = page.getByRole('row').filter({ hasText: 'お試し' }).filter({ hasText: `${world.title}の担当` });
    await row.getByText(/no such mailbox/).waitFor();
    await judge(page, 'notices-dead-letter');
    mail.refused.clear();
    await row.getByRole('button', { name: /^もう一度送る/ }).click();
    await until(() => mail.to(email), 'the letter arrives');
    await until(async () => !(await failed()), 'it is no dead letter any more');
    await page.reload();
    await settled(page);
    await row.waitFor({ state: 'detached' });
    await page.getByText('送れます', { exact: true }).waitFor();
    await judge(page, 'notices-mail-works');
  } finally {
    mail.close();
  }
}, { skip: !settings && 'KUBARI_SMTP_FILE is not set' });

walk('a webhook: what is wrong with its address, its secret seen once, tried, switched off, a new secret, removed', async () => {
  const { page } = administrator;
  const name = `${world.title}の集計`;
  await page.goto(`${server}/#/admin/notifications`);
  await button(page, 'Webhookを追加').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('名前').fill(name);
  await dialog.getByLabel(/^送り先/).fill('http://hook.example/kubari#x');
  await button(dialog, 'Webhookを追加').click();
  await dialog.getByText(/https:\/\/ で始まるアドレスにしてください/).waitFor();
  await dialog.getByText(/「#」以降があります/).waitFor();
  await judge(page, 'notices-webhook-wrong');
  await dialog.getByLabel(/^送り先/).fill('https://127.0.0.1/kubari');
  await button(dialog, 'Webhookを追加').click();
  await dialog.getByText('ADDRESS_NOT_ALLOWED').waitFor();
  await judge(page, 'notices-webhook-inside');
  await dialog.getByLabel(/^送り先/).fill('https://hook.invalid/kubari');
  await dialog.getByLabel('選んだものだけ').check();
  await dialog.getByLabel('回収', { exact: true }).check();
  await button(dialog, 'Webhookを追加').click();
  const secret = await dialog.locator('code').innerText();
  assert.match(secret, /^whsec_[A-Za-z0-9+/]+=*$/);
  await judge(page, 'notices-webhook-secret');
  await button(dialog, '閉じる').click();
  await gone(page);
  assert.equal(await page.getByText(secret).count(), 0);

  const row = page.getByRole('table', { name: 'Webhook', exact: true }).getByRole('row').filter({ hasText: name });
  await row.getByText('1種類').waitFor();
  await row.getByRole('button', { name: `試す ${name}` }).click();
  await page.getByText('お試しを送りました。').waitFor();
  // Nobody lives there: it waits for its next try, and says why.
  const tried = async () => (await callAs(page, 'notifications', 'ListDeliveries', { pageSize: 50 })).deliveries?.find((one) => one.recipientDisplayName === name && one.attempts > 0);
  await until(tried, 'it was tried', 90);
  await page.reload();
  await settled(page);
  await page.getByRole('table', { name: '送信の記録' }).getByRole('row').filter({ hasText: name }).getByText(/1回目/).waitFor();
  await judge(page, 'notices-webhook-tried');
  await row.getByRole('button', { name: `止める ${name}` }).click();
  await row.getByText('停止中').waitFor();
  await row.getByRole('button', { name: `鍵を替える ${name}` }).click();
  await button(page.getByRole('dialog'), '鍵を替える').click();
  await page.getByRole('dialog').getByText('この鍵は今だけ表示されます。').waitFor();
  assert.notEqual(await page.getByRole('dialog').locator('code').innerText(), secret);
  await button(page.getByRole('dialog'), '閉じる').click();
  await gone(page);
  await row.getByRole('button', { name: `削除 ${name}` }).click();
  await button(page.getByRole('dialog'), '削除').click();
  await row.waitFor({ state: 'detached' });
});

walk('an API key: one role in one organisation, shown once, revoked', async () => {
  const { page } = administrator;
  const name = `${world.title}の鍵${randomInt(1e4)}`;
  await page.goto(`${server}/#/api-keys`);
  await button(page, 'APIキーを作る').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('名前').fill(name);
  await dialog.getByLabel('役割').selectOption({ label: '受取団体' });
  await pick(dialog, '組織', world.group.displayName);
  await judge(page, 'notices-key-new');
  await button(dialog, 'APIキーを作る').click();
  const key = await dialog.locator('code').innerText();
  await judge(page, 'notices-key');
  await button(dialog, '閉じる').click();
  await gone(page);
  assert.equal(await page.getByText(key).count(), 0);

  // It is its group's, and nobody's else.
  const program = asKey(key);
  assert.deepEqual((await program('groups', 'ListGroups', {})).groups.map((one) => one.name), [world.group.name]);
  await assert.rejects(program('identity', 'ListApiKeys', {}), /permission_denied/);
  const row = page.getByRole('row').filter({ hasText: name });
  await row.getByText('有効').waitFor();
  await row.getByRole('button', { name: `無効にする ${name}` }).click();
  await judge(page, 'notices-key-revoke');
  await button(page.getByRole('dialog'), '無効にする').click();
  await row.getByText('無効', { exact: true }).waitFor();
  // Who asks often asks a memory of some seconds.
  await until(() => program('groups', 'ListGroups', {}).then(() => false, ({ message }) => /unauthenticated/.test(message)), 'the key is worth nothing');
  assert.ok((await all('identity', 'ListApiKeys', 'apiKeys')).find((one) => one.displayName === name).revoked);
});
