// The web app in a real browser against a running installation with the example network: each role signs in by a link and sees on its
// home page what the RPCs answer; one lot's path agrees with its trace. Run by tests/end_to_end; see README.md.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { all, barriers, call, callAs, launch, open, screenshot, server, settled } from './connection.mjs';

const number = (value) => Number(value ?? 0).toLocaleString('ja-JP');
const items = (value) => `${number(value)}点`;
const names = {
  ROLE_VOLUNTEER: '倉庫ボランティア',
  ROLE_WAREHOUSE_MANAGER: '倉庫管理者',
  ROLE_COORDINATOR: 'コーディネーター',
  ROLE_DONOR: '寄付企業',
  ROLE_GROUP: '受取団体',
  ROLE_AUDITOR: '監査',
  ROLE_ADMINISTRATOR: '管理者',
};

describe('web app', { skip: server ? false : 'KUBARI_SERVER is not set: no running installation to look at' }, () => {
  let browser;
  let people;
  before(async () => {
    browser = await launch();
    people = await all('identity', 'ListPeople', 'people');
  });
  after(() => browser?.close());

  /** Someone who holds the role, best nothing else. */
  function holder(role) {
    const holders = people.filter((person) => person.grants?.some((grant) => grant.role === role));
    assert.ok(holders.length > 0, `the example network has nobody with ${role}`);
    return holders.sort((a, b) => a.grants.length - b.grants.length)[0];
  }

  /** Opens an invite's link as that person; leaves the browser at home. */
  async function signIn(role, options) {
    const window = await open(browser, options);
    const { code } = await call('identity', 'CreateInvite', { requestId: randomUUID(), person: holder(role).name });
    await window.page.goto(`${server}/#/join/${code}`);
    await window.page.getByRole('button', { name: /^(参加する|Join)$/ }).click();
    await window.page.getByRole('heading', { level: 1, name: /ホーム$|^Home/ }).waitFor();
    const other = window.page.getByRole('button', { name: names[role], exact: true });
    if (await other.count()) await other.click();
    await settled(window.page);
    return window;
  }

  /** The home page of the role as its holder; then no complaints, no barriers, nothing wider than the screen. */
  function home(role, look, options = {}) {
    test(`home: ${names[role]}${options.phone ? ', on a phone' : ''}`, async () => {
      const { context, page, complaints } = await signIn(role, options);
      assert.equal(await page.locator('h1').innerText(), `${names[role]}のホーム`);
      await look(page);
      await screenshot(page, `home-${role.slice(5).toLowerCase()}${options.phone ? '-phone' : ''}`);
      assert.deepEqual(await page.locator('[role=alert]').allInnerTexts(), []);
      assert.deepEqual(await barriers(page), []);
      const width = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(width, 0, 'the page is wider than the screen');
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  const section = (page, name) => page.getByRole('region', { name, exact: true });
  const figure = (page, name) => page.locator(`[data-figure=${name}] dd`).first().innerText();

  async function impactAgrees(page, filter) {
    const { total } = await callAs(page, 'impact', 'GetImpact', { filter });
    assert.equal(await figure(page, 'items'), items(total?.items));
    assert.equal(await figure(page, 'deliveries'), number(total?.deliveries));
    assert.equal(await figure(page, 'households'), number(total?.householdsDistinct));
    return total;
  }

  /** The titles of a section's cards are those of the answer's first page. */
  async function cardsAgree(page, name, expected) {
    assert.deepEqual(await section(page, name).locator('h3').allInnerTexts(), expected);
  }

  async function balancesAgree(page, request) {
    const { balances = [] } = await callAs(page, 'stock', 'ListBalances', { ...request, pageSize: 20 });
    const rows = await section(page, '在庫（期限の近い順）').locator('tbody tr').allInnerTexts();
    assert.equal(rows.length, balances.length);
    for (const [index, balance] of balances.entries()) {
      for (const text of [balance.lot.code, items(balance.onHand), number(balance.free)]) assert.ok(rows[index].includes(text), `${text} in ${rows[index]}`);
    }
  }

  async function warehouseAgrees(page) {
    const { warehouses } = await callAs(page, 'stock', 'ListWarehouses', { pageSize: 200 });
    const choice = page.getByLabel('倉庫', { exact: true });
    assert.equal(await choice.locator('option').count(), warehouses.length);
    const warehouse = await choice.inputValue();
    const { deliveries = [] } = await callAs(page, 'allocation', 'GetPickList', { warehouse });
    await cardsAgree(page, '出庫の準備（ピッキング）', deliveries.map((one) => one.groupDisplayName));
    const { offers = [] } = await callAs(page, 'donors', 'ListOffers', { warehouse, states: ['OFFER_STATE_ACCEPTED'], pageSize: 10 });
    await cardsAgree(page, '入庫予定', offers.map((one) => one.title));
    await balancesAgree(page, { warehouse });
  }

  /** Beside each task stands how much of it waits in the chosen warehouse. */
  async function tasksAgree(page) {
    const { warehouses } = await callAs(page, 'stock', 'ListWarehouses', { pageSize: 200 });
    const choice = page.getByLabel('倉庫', { exact: true });
    await page.waitForFunction(() => document.querySelector('select')?.value);
    assert.equal(await choice.locator('option').count(), warehouses.length);
    const warehouse = await choice.inputValue();
    const { deliveries = [] } = await callAs(page, 'allocation', 'GetPickList', { warehouse });
    const { offers = [] } = await callAs(page, 'donors', 'ListOffers', { warehouse, states: ['OFFER_STATE_ACCEPTED'], pageSize: 200 });
    const expected = offers.flatMap(({ lines }) => lines).filter((line) => Number(line.acceptedCases ?? 0) * Number(line.itemsPerCase) > Number(line.receivedItems ?? 0));
    const tasks = page.getByRole('navigation', { name: '倉庫の作業' });
    if (deliveries.length > 0) await tasks.getByText(`準備 ${number(deliveries.length)}件`).waitFor();
    if (expected.length > 0) await tasks.getByText(`届く予定 ${number(expected.length)}品`).waitFor();
    await page.getByText('全部送信しました').waitFor();
  }

  home('ROLE_VOLUNTEER', tasksAgree, { phone: true });
  home('ROLE_WAREHOUSE_MANAGER', async (page) => {
    await tasksAgree(page);
    await warehouseAgrees(page);
    const { grants } = await callAs(page, 'identity', 'GetSession');
    const { devices = [] } = await callAs(page, 'identity', 'ListDevices', { organisation: grants[0].organisation, pageSize: 20 });
    assert.equal(await section(page, '端末').locator('tbody tr').count(), devices.length);
  });
  home('ROLE_COORDINATOR', async (page) => {
    const total = await impactAgrees(page, {});
    assert.ok(Number(total.items) > 0, 'the example network has confirmed deliveries');
    // Each count is the length of the list that it leads to.
    const { offers = [] } = await callAs(page, 'donors', 'ListOffers', { states: ['OFFER_STATE_SUBMITTED'], pageSize: 200 });
    await page.getByRole('link', { name: `回答する寄付申出 ${number(offers.length)}`, exact: true }).waitFor();
    const { runs } = await callAs(page, 'allocation', 'ListRuns', { pageSize: 50 });
    const proposed = runs.filter((run) => run.state === 'RUN_STATE_PROPOSED');
    await page.getByRole('link', { name: `公開前の配分案 ${number(proposed.length)}`, exact: true }).waitFor();
    const { offers: expected = [] } = await callAs(page, 'donors', 'ListOffers', { states: ['OFFER_STATE_ACCEPTED'], pageSize: 200 });
    const titles = new Set(expected.map((offer) => offer.title));
    for (const title of await section(page, '届くもの').locator('tbody tr a').allInnerTexts()) assert.ok(titles.has(title), title);
  });
  test('a coordinator’s stock and allocations agree with the answers', async () => {
    const { context, page, complaints } = await signIn('ROLE_COORDINATOR');
    await page.goto(`${server}/#/stock`);
    const { balances = [] } = await callAs(page, 'stock', 'ListBalances', { pageSize: 25 });
    const stock = page.getByRole('table', { name: '在庫', exact: true });
    await stock.waitFor();
    const rows = await stock.locator('tbody tr').allInnerTexts();
    assert.equal(rows.length, balances.length);
    for (const [index, balance] of balances.entries()) {
      for (const text of [balance.lot.code, items(balance.onHand), number(balance.free)]) assert.ok(rows[index].includes(text), `${text} in ${rows[index]}`);
    }
    await page.goto(`${server}/#/runs`);
    const { runs } = await callAs(page, 'allocation', 'ListRuns', { pageSize: 25 });
    const table = page.getByRole('table', { name: '配分', exact: true });
    await table.waitFor();
    const shown = await table.locator('tbody tr').allInnerTexts();
    assert.equal(shown.length, runs.length);
    for (const [index, run] of runs.entries()) assert.ok(shown[index].includes(run.title) && shown[index].includes(items(run.summary?.allocatedItems)), shown[index]);
    assert.deepEqual(await barriers(page), []);
    assert.deepEqual(complaints, []);
    await context.close();
  });
  home('ROLE_DONOR', async (page) => {
    const { grants } = await callAs(page, 'identity', 'GetSession');
    const donor = grants[0].organisation.replace('organisations/', 'donors/');
    const { offers = [] } = await callAs(page, 'donors', 'ListOffers', { donor, pageSize: 10 });
    await cardsAgree(page, '自社の寄付申出', offers.map((one) => one.title));
    assert.ok(offers.length > 0, 'the donor has offers');
    await impactAgrees(page, { donor });
  });
  const groupAgrees = async (page) => {
    const { grants } = await callAs(page, 'identity', 'GetSession');
    const group = grants[0].organisation.replace('organisations/', 'groups/');
    const { lines = [] } = await callAs(page, 'allocation', 'ListLines', { group, states: ['LINE_STATE_OFFERED'], pageSize: 200 });
    // By delivery, what is due first comes first.
    const shown = await section(page, '回答をお待ちしている品').locator('h3').allInnerTexts();
    assert.deepEqual(shown.sort(), lines.map((one) => one.productDisplayName).sort());
    const { deliveries = [] } = await callAs(page, 'stock', 'ListDeliveries', { group, state: 'DELIVERY_STATE_CONFIRMED', pageSize: 10 });
    assert.equal(await section(page, 'これまでに受け取った品').locator('li.card').count(), deliveries.length);
    await impactAgrees(page, { group });
  };
  home('ROLE_GROUP', groupAgrees, { phone: true });
  home('ROLE_AUDITOR', async (page) => {
    const { rows: months } = await callAs(page, 'impact', 'GetImpact', { dimension: 'DIMENSION_MONTH' });
    await impactAgrees(page, fiscalYear());
    let position = '0';
    for (;;) {
      const feed = await callAs(page, 'stock', 'ReadFeed', { position, pageSize: 1000 });
      position = feed.nextPosition ?? position;
      if ((feed.entries?.length ?? 0) < 1000) break;
    }
    assert.equal(await page.locator('[data-figure=ledger]').innerText(), number(position));
    // Every figure leads to its movements.
    await page.goto(`${server}/#/figures?period=all`);
    const table = page.getByRole('table', { name: '月', exact: true });
    await table.waitFor();
    assert.equal(await table.locator('tbody tr').count(), Math.min(25, months.length));
    await impactAgrees(page, {});
    await table.getByRole('link', { name: /^記録を見る/ }).first().click();
    const records = page.getByRole('table', { name: '数字のもとになる記録', exact: true });
    await records.waitFor();
    const { movements } = await callAs(page, 'impact', 'ListImpactMovements', { filter: monthOf(months[0].key), pageSize: 25 });
    assert.equal(await records.locator('tbody tr').count(), movements.length);
    // The ledger, verified in the browser to its end.
    await page.goto(`${server}/#/ledger`);
    await page.getByRole('button', { name: '検証を始める' }).click();
    await page.getByText('問題はありませんでした').waitFor({ timeout: 60_000 });
    assert.ok((await page.locator('[data-figure=verified]').innerText()).includes(`（${number(position)} 件）`));
    await page.goto(`${server}/#/`);
    await page.getByRole('heading', { level: 1, name: '監査のホーム' }).waitFor();
    await settled(page);
  });
  home('ROLE_ADMINISTRATOR', async (page) => {
    const shown = await section(page, '利用者').locator('tbody tr').allInnerTexts();
    const { people: first } = await callAs(page, 'identity', 'ListPeople', { pageSize: 25 });
    assert.equal(shown.length, first.length);
    for (const [index, person] of first.entries()) assert.ok(shown[index].includes(person.email), shown[index]);
    await page.getByRole('button', { name: '端末を招待する' }).click();
    await page.getByRole('dialog').getByLabel('組織').selectOption({ index: 1 });
    await page.getByRole('button', { name: 'QRコードを作る' }).click();
    await page.getByRole('img', { name: '招待のQRコード' }).waitFor();
    assert.deepEqual(await barriers(page), []);
    await screenshot(page, 'invite');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await settled(page);
  });

  test("a lot's path agrees with its trace, in both languages and on paper", async () => {
    const { context, page, complaints } = await signIn('ROLE_COORDINATOR');
    const { deliveries } = await callAs(page, 'stock', 'ListDeliveries', { state: 'DELIVERY_STATE_CONFIRMED', pageSize: 1 });
    const { code } = deliveries[0].lines[0].lot;
    const trace = await callAs(page, 'stock', 'TraceLot', { lot: code });

    await page.goto(`${server}/#/lots`);
    await page.getByLabel('ロットを探す').fill(code.toLowerCase());
    await page.getByLabel('ロットを探す').press('Enter');
    await page.getByRole('heading', { level: 1, name: `${trace.lot.productDisplayName}の足どり` }).waitFor();
    assert.ok((await page.locator('main').innerText()).includes(trace.offerTitle));

    const held = trace.holders.filter((holder) => holder.place.kind !== 'PLACE_KIND_DONOR' && Number(holder.items) !== 0);
    const rows = await page.getByRole('table', { name: 'いまどこにあるか' }).locator('tbody tr').allInnerTexts();
    assert.equal(rows.length, held.length);
    for (const [index, holder] of held.entries()) {
      assert.ok(rows[index].includes(holder.place.displayName) && rows[index].includes(items(holder.items)), rows[index]);
    }
    const given = held.reduce((sum, holder) => sum + Number(holder.items), 0);
    assert.equal(await page.locator('[data-figure=given]').innerText(), items(given));
    const movements = await page.getByRole('table', { name: 'すべての動き（古い順）' }).locator('tbody tr').count();
    assert.equal(movements, Math.min(trace.movements.length, 100));
    assert.deepEqual(await barriers(page), []);
    await screenshot(page, 'lot');

    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('heading', { level: 1, name: `The path of ${trace.lot.productDisplayName}` }).waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    await screenshot(page, 'lot-english');
    await page.setViewportSize({ width: 390, height: 844 });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
    await screenshot(page, 'lot-phone');
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.getByRole('navigation').isVisible(), false);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('signed out, a page asks to sign in; a wrong password is refused in words; the session is no business of scripts', async () => {
    const { context, page } = await open(browser, { phone: true });
    await page.goto(`${server}/#/lots`);
    await page.getByRole('heading', { name: 'サインイン' }).waitFor();
    await page.getByLabel('メールアドレス').fill(holder('ROLE_COORDINATOR').email);
    await page.getByLabel('パスワード').fill('not the right password');
    await page.getByRole('button', { name: 'サインイン' }).click();
    assert.match(await page.getByRole('alert').innerText(), /SIGN_IN_FAILED/);
    assert.deepEqual(await barriers(page), []);
    await screenshot(page, 'sign-in-phone');
    await context.close();

    const signedIn = await signIn('ROLE_COORDINATOR');
    assert.equal(await signedIn.page.evaluate(() => document.cookie), '');
    const cookies = await signedIn.context.cookies();
    assert.deepEqual(cookies.map(({ httpOnly, sameSite }) => ({ httpOnly, sameSite })), [{ httpOnly: true, sameSite: 'Strict' }]);
    await signedIn.page.goto(`${server}/#/account`);
    await signedIn.page.getByRole('button', { name: 'サインアウト' }).click();
    await signedIn.page.getByRole('heading', { name: 'サインイン' }).waitFor();
    await signedIn.page.reload();
    await signedIn.page.getByRole('heading', { name: 'サインイン' }).waitFor();
    await signedIn.context.close();
  });

  test('by keyboard alone: the first Tab leads past the header', async () => {
    const { context, page } = await signIn('ROLE_VOLUNTEER');
    await page.reload();
    await settled(page);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), '本文へ移動');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'MAIN');
    await context.close();
  });
});

/** From April to March, by the network's day. */
function fiscalYear() {
  const [year, month] = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Tokyo' }).format(new Date()).split('-').map(Number);
  const first = month < 4 ? year - 1 : year;
  return { fromDate: `${first}-04-01`, toDate: `${first + 1}-03-31` };
}

function monthOf(key) {
  const [year, month] = key.split('-').map(Number);
  return { fromDate: `${key}-01`, toDate: `${key}-${new Date(Date.UTC(year, month, 0)).getUTCDate()}` };
}
