// A warehouse's phone: the camera sees generated barcodes, and what a volunteer does with them stands in the ledger. Without a network nothing is
// lost and nothing happens twice, not even when the browser is killed. See README.md.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

import { barriers, launch, open, openKept, screenshot, server } from './connection.mjs';
import { Camera, ean13, gs1Code128, itf14, looks, qr } from './camera.mjs';
import { Network } from './network.mjs';
import { caseOf, day, join, newJan, until, World } from './world.mjs';

const button = (page, name) => page.getByRole('button', { name, exact: true });
const items = (n) => `${Number(n).toLocaleString('ja-JP')}点`;
const yymmdd = (date) => date.replaceAll('-', '').slice(2);

describe('a phone in the warehouse', { skip: server ? false : 'KUBARI_SERVER is not set: no running installation to work with' }, () => {
  let browser;
  let camera;
  let world;
  before(async () => {
    camera = new Camera();
    browser = await launch(camera.flags);
    world = await World.make('でんわ');
  });
  after(async () => {
    await browser?.close();
    camera?.remove();
  });

  /** Opens a task; the camera looks at an empty box. */
  async function task(page, address) {
    camera.hide();
    await page.goto(`${server}/#/${address}`);
    await page.getByRole('region', { name: '読み取り' }).waitFor();
  }

  /** By a device that types, as warehouses have them: a burst of keys, faster than the test's own could come under load. */
  async function scanner(page, code) {
    await page.evaluate((keys) => {
      for (const key of keys) document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    }, [...code, 'Enter']);
  }

  const heading = (page, name) => page.getByRole('heading', { level: 2, name, exact: true }).waitFor();
  const said = (page, text) => page.getByRole('status').filter({ hasText: text }).first().waitFor();
  /** The phone says that it is done, and the service has it. */
  async function sent(page, text) {
    await said(page, text);
    await said(page, '送信済み');
  }

  test('in: an expected offer is found by its barcode and everything is filled in; date and lot come from a GS1 code', async () => {
    const rice = await world.product('でんわごはん', {});
    await world.expect(rice, 5);
    const tea = await world.product('でんわ茶', { itemsPerCase: '24' });
    const until_ = day(300);
    const { context, page, complaints } = await world.signIn(browser, 'ROLE_VOLUNTEER', { phone: true });

    await task(page, 'in');
    camera.show(ean13(rice.jan), looks.tilted);
    await heading(page, rice.displayName);
    camera.hide();
    assert.equal(await page.getByLabel('ケース', { exact: true }).inputValue(), '5');
    assert.deepEqual(await barriers(page), []);
    await screenshot(page, 'phone-in');
    await button(page, 'A-01').click();
    await button(page, '入庫する').click();
    await sent(page, `${rice.displayName} 60点を A-01 に入れました`);
    await screenshot(page, 'phone-in-done');

    // Not expected: what the label says is not asked again.
    camera.show(gs1Code128(`(01)${caseOf(tea.jan)}(15)${yymmdd(until_)}(10)TEA-7`), looks.dim);
    await heading(page, tea.displayName);
    camera.hide();
    await page.getByLabel('寄付者', { exact: true }).selectOption({ label: world.donor.displayName });
    await button(page, 'A-02').click();
    await button(page, '入庫する').click();
    await said(page, tea.displayName);
    await until(async () => (await world.movements(tea)).length === 1, 'the tea is in the ledger');

    const [ofRice] = await world.movements(rice);
    assert.deepEqual([ofRice.kind, ofRice.items], ['MOVEMENT_KIND_RECEIVE', '60']);
    const lots = await world.lots(tea);
    assert.deepEqual([lots[0].goodUntil.date, lots[0].donorLotNumber], [until_, 'TEA-7']);
    const { offers } = await world.do('donors', 'ListOffers', { donor: world.donor.name });
    assert.equal(offers[0].lines[0].receivedItems, '60');
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('in: an unknown barcode makes the product in the same flow', async () => {
    const jan = newJan();
    const { context, page } = await world.signIn(browser, 'ROLE_VOLUNTEER', { phone: true });
    await task(page, 'in');
    camera.show(itf14(caseOf(jan)), looks.tired);
    await page.getByText('まだ登録のない商品です').waitFor();
    camera.hide();
    await screenshot(page, 'phone-new-product');
    await page.getByLabel('商品名').fill('でんわの新しいスープ');
    await page.getByLabel('種類').selectOption({ index: 3 });
    await page.getByLabel('1個の重さ（g）').fill('150');
    await page.getByLabel('1ケースの入数').fill('20');
    await button(page, '常温').click();
    await button(page, '次へ').click();
    await heading(page, 'でんわの新しいスープ');
    await page.getByLabel(/^印字のとおりに打つ/).fill(yymmdd(day(400)).slice(0, 4));
    await page.getByLabel('寄付者', { exact: true }).selectOption({ label: world.donor.displayName });
    await button(page, 'A-01').click();
    await button(page, '入庫する').click();
    await sent(page, 'でんわの新しいスープ 20点');
    const { products } = await world.do('stock', 'ListProducts', { query: 'でんわの新しいスープ' });
    const made = products.find(({ caseGtin }) => caseGtin?.endsWith(caseOf(jan)));
    assert.ok(made, 'the product has the case\'s number');
    const lots = await world.lots(made);
    assert.equal(lots[0].goodUntil.date, day(400).slice(0, 7));
    assert.deepEqual((await world.movements(made)).map((one) => one.items), ['20']);
    await context.close();
  });

  test('a lot\'s own label names it; goods move, are thrown away, and what was wrong is undone', async () => {
    const beans = await world.product('でんわ豆', { itemsPerCase: '10' });
    const lot = await world.stock(beans, 50);
    const { context, page } = await world.signIn(browser, 'ROLE_VOLUNTEER', { phone: true });

    await task(page, 'move');
    camera.show(qr(`https://id.example.org/01/0${beans.jan}/10/${lot.code}`), looks.shaky);
    await heading(page, beans.displayName);
    camera.hide();
    await page.getByLabel('ケース', { exact: true }).fill('2');
    await button(page, 'A-02').click();
    await button(page, '動かした').click();
    await sent(page, `${beans.displayName} 20点を A-02 へ移しました`);
    assert.equal((await world.balances())[`${lot.code}/A-02`], 20);

    await task(page, 'discard');
    await scanner(page, lot.code);
    // On two shelves by now: the phone asks which.
    await page.getByRole('radio').nth(1).check();
    await button(page, 'これです').click();
    await page.getByLabel('バラ（点）').fill('3');
    await page.getByRole('button', { name: /破損/ }).first().click();
    await button(page, '捨てたと記録する').click();
    await sent(page, `${beans.displayName} 3点を廃棄として記録しました`);
    const before = await world.balances();
    assert.equal(before[`${lot.code}/A-01`] + before[`${lot.code}/A-02`], 47);

    await button(page, '取り消す').first().click();
    await said(page, '取り消しました');
    await until(async () => (await world.movements(beans)).length === 4, 'the reversal is in the ledger');
    const all = await world.movements(beans);
    assert.deepEqual(all.map((one) => one.kind.slice(14)), ['RECEIVE', 'TRANSFER', 'DISCARD', 'REVERSAL']);
    const now = await world.balances();
    assert.equal(now[`${lot.code}/A-01`] + now[`${lot.code}/A-02`], 50);
    await context.close();
  });

  test('out: the pick list is ticked off; another lot and too many are stopped', async () => {
    const own = await World.make('でんわ出庫');
    const noodles = await own.product('でんわ麺');
    await own.expect(noodles, 4);
    const { offers } = await own.do('donors', 'ListOffers', { donor: own.donor.name });
    const lot = (await own.do('stock', 'ReceiveStock', { requestId: randomUUID(), place: own.shelf['A-01'], offerLine: offers[0].lines[0].name, items: '48' })).lot;
    const other = await own.product('でんわのほかの麺');
    const wrong = await own.stock(other, 12);
    const delivery = await own.allocate();
    const wanted = delivery.lines.find((line) => line.lotCode === lot.code);
    const { context, page } = await own.signIn(browser, 'ROLE_VOLUNTEER', { phone: true });
    await page.goto(`${server}/#/out`);
    await page.getByRole('link', { name: own.group.displayName }).click();
    await page.getByRole('region', { name: '読み取り' }).waitFor();
    await screenshot(page, 'phone-out');

    if (!delivery.lines.some((line) => line.lotCode === wrong.code)) {
      await scanner(page, wrong.code);
      await page.getByText(`「${other.displayName}」はこの出庫にありません`).waitFor();
      await screenshot(page, 'phone-out-stopped');
      await button(page, 'わかりました').click();
    }
    camera.show(qr(`https://id.example.org/01/0${noodles.jan}/10/${lot.code}`));
    await heading(page, noodles.displayName);
    camera.hide();
    await page.getByLabel('バラ（点）').fill('5');
    await button(page, '出した').click();
    await page.getByText(/多すぎます/).first().waitFor();
    await button(page, 'わかりました').click();
    const issued = async () => (await own.movements(noodles)).filter((one) => one.kind === 'MOVEMENT_KIND_ISSUE').map((one) => one.items);
    assert.deepEqual(await issued(), []);

    await scanner(page, noodles.jan);
    await heading(page, noodles.displayName);
    await button(page, '出した').click();
    await sent(page, `${noodles.displayName} ${items(wanted.items)}を ${own.group.displayName} へ出しました`);
    assert.deepEqual(await issued(), [wanted.items]);
    await context.close();
  });

  test('stocktake: two phones count the same shelf; the manager settles and posts', async () => {
    const own = await World.make('でんわ棚卸');
    const rice = await own.product('でんわ棚卸ごはん');
    const lot = await own.stock(rice, 40);
    const manager = await own.signIn(browser, 'ROLE_WAREHOUSE_MANAGER');
    await manager.page.goto(`${server}/#/stocktakes`);
    await button(manager.page, '棚卸を始める').click();
    await manager.page.getByRole('dialog').getByLabel('倉庫', { exact: true }).selectOption(own.warehouse.name);
    await manager.page.getByRole('dialog').getByText('倉庫のすべての棚（3）').waitFor();
    await manager.page.getByRole('dialog').getByRole('button', { name: '棚卸を始める' }).click();
    await until(async () => (await own.do('stock.stocktakes', 'ListStocktakes', { warehouse: own.warehouse.name })).stocktakes?.length === 1, 'it is open');

    const { context, page } = await own.signIn(browser, 'ROLE_VOLUNTEER', { phone: true });
    await page.goto(`${server}/#/count`);
    await page.getByRole('button', { name: /^A-01/ }).click();
    await page.getByRole('region', { name: '読み取り' }).waitFor();
    camera.show(ean13(rice.jan), looks.blurred);
    await heading(page, rice.displayName);
    camera.hide();
    await page.getByLabel('ケース', { exact: true }).fill('3');
    await page.getByLabel('バラ（点）').fill('2');
    await screenshot(page, 'phone-count');
    await button(page, 'この数で決める').click();
    await sent(page, `A-01 の ${rice.displayName} を 38点 と数えました`);

    const [stocktake] = (await own.do('stock.stocktakes', 'ListStocktakes', { warehouse: own.warehouse.name })).stocktakes;
    const { lines } = await own.do('stock.stocktakes', 'ListStocktakeLines', { stocktake: stocktake.name });
    const line = lines.find((one) => one.lot.code === lot.code);
    assert.deepEqual([line.countedItems, line.expectedItems], ['38', '40']);
    await context.close();

    await manager.page.goto(`${server}/#/stocktakes/${stocktake.name.split('/')[1]}`);
    await button(manager.page, '数え終わり、確認へ進む').click();
    await screenshot(manager.page, 'stocktake-review');
    await button(manager.page, '決める').first().click();
    const dialog = manager.page.getByRole('dialog');
    await dialog.getByRole('combobox').first().selectOption({ index: 1 });
    await dialog.getByRole('button', { name: '決める' }).click();
    await dialog.waitFor({ state: 'detached' });
    await button(manager.page, '差異を台帳に記帳する').click();
    await manager.page.getByRole('dialog').getByRole('button', { name: '差異を台帳に記帳する' }).click();
    await until(async () => (await own.balances())[`${lot.code}/A-01`] === 38, 'the difference is in the ledger');
    await manager.context.close();
  });

  test('practice: the first scan is guided, and nothing of it reaches the server', async () => {
    const { context, page } = await open(browser, { phone: true });
    const calls = [];
    await page.goto(`${server}/#/practice`);
    await page.getByText('練習中 ― 本物の在庫は動きません').waitFor();
    page.on('request', (request) => request.method() === 'POST' && calls.push(request.url()));
    await page.getByRole('button', { name: /読み取る/ }).first().click();
    await button(page, 'A-01').click();
    await screenshot(page, 'phone-practice');
    assert.deepEqual(await barriers(page), []);
    await button(page, '入庫する').click();
    await page.getByText('できました。これだけです。').waitFor();
    assert.deepEqual(calls, []);
    await context.close();
  });

  describe('without a network', () => {
    let network;
    before(async () => (network = await Network.make(server)));
    after(() => network?.close());
    beforeEach(() => network.restore());

    /** Whole items of a lot on A-01 go to A-02; said by the phone, kept on it. */
    async function move(page, lot, n) {
      await scanner(page, lot.code);
      // The lot may be on both shelves by now; A-01 is the one.
      const amount = page.getByLabel('バラ（点）');
      const take = button(page, 'これです');
      await take.or(amount).first().waitFor();
      if (await take.isVisible()) {
        await page.getByRole('radio', { name: /A-01/ }).check();
        await take.click();
      }
      await amount.fill(String(n));
      await button(page, 'A-02').click();
      await button(page, '動かした').click();
      await said(page, `${items(n)}を A-02 へ移しました`);
    }

    test('ten actions outlive a killed browser; back in the network all are recorded, once, in their order', async () => {
      const own = await World.make('でんわ圏外');
      const rice = await own.product('圏外ごはん', { itemsPerCase: '100' });
      const lot = await own.stock(rice, 100);
      const folder = mkdtempSync(path(tmpdir(), 'kubari-phone-'));
      let phone = await openKept(folder, camera.flags);
      await join(phone.page, (await own.invite('ROLE_VOLUNTEER')).replace(server, network.url));
      await phone.page.evaluate(() => navigator.serviceWorker.ready);
      // It joined yesterday: Chromium itself writes a new cookie to the disk only after half a minute, or when it is closed.
      await phone.context.close();
      phone = await openKept(folder, camera.flags);
      await phone.page.goto(`${network.url}/#/move`);
      await phone.page.getByRole('region', { name: '読み取り' }).waitFor();

      network.cut();
      for (let n = 1; n <= 10; n++) await move(phone.page, lot, n);
      await screenshot(phone.page, 'phone-offline');
      assert.equal((await own.movements(rice)).length, 1, 'only the receipt is in the ledger');
      await phone.kill();

      phone = await openKept(folder, camera.flags);
      await phone.page.goto(`${network.url}/#/actions`);
      await phone.page.getByRole('button', { name: /^未送信 10$/ }).waitFor();
      await screenshot(phone.page, 'phone-offline-actions');
      network.restore();
      await button(phone.page, 'いま送る').click();
      await phone.page.getByRole('button', { name: /^未送信 0$/ }).waitFor();
      const moved = (await own.movements(rice)).filter((one) => one.kind === 'MOVEMENT_KIND_TRANSFER');
      assert.deepEqual(moved.map((one) => Number(one.items)), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      assert.equal((await own.balances())[`${lot.code}/A-02`], 55);
      assert.deepEqual(await barriers(phone.page), []);
      await phone.context.close();
      rmSync(folder, { recursive: true, force: true });
    });

    test('the answer is lost after the server has recorded it: sent again, it happens once', async () => {
      const own = await World.make('でんわ途切れ');
      const rice = await own.product('途切れごはん', { itemsPerCase: '100' });
      const lot = await own.stock(rice, 100);
      const { context, page } = await open(browser, { phone: true });
      await join(page, (await own.invite('ROLE_VOLUNTEER')).replace(server, network.url));
      await page.goto(`${network.url}/#/move`);
      await page.getByRole('region', { name: '読み取り' }).waitFor();

      let lost = 0;
      network.loseAnswers(() => lost++);
      await move(page, lot, 7);
      await until(async () => (await own.movements(rice)).length === 2, 'the server has recorded it');
      await until(() => lost > 0, 'the answer was lost');
      network.restore();
      await page.goto(`${network.url}/#/actions`);
      await page.getByRole('button', { name: /^未送信 0$/ }).or(button(page, 'いま送る')).first().waitFor();
      if (await button(page, 'いま送る').isVisible()) await button(page, 'いま送る').click();
      await page.getByRole('button', { name: /^済み 1$/ }).waitFor();
      assert.deepEqual((await own.movements(rice)).map((one) => one.items), ['100', '7']);
      await context.close();
    });

    test('two phones take the same goods: one is refused with its reason and waits for a person', async () => {
      const own = await World.make('でんわ二台');
      const rice = await own.product('二台ごはん', { itemsPerCase: '100' });
      const lot = await own.stock(rice, 10);
      const phones = [];
      for (let n = 0; n < 2; n++) {
        const phone = await own.signIn(browser, 'ROLE_VOLUNTEER', { phone: true });
        await phone.page.goto(`${server}/#/move`);
        await phone.page.getByRole('region', { name: '読み取り' }).waitFor();
        phones.push(phone);
      }
      for (const { context } of phones) await context.setOffline(true);
      for (const { page } of phones) await move(page, lot, 8);
      for (const { context, page } of phones) {
        await context.setOffline(false);
        await page.goto(`${server}/#/actions`);
        await page.getByRole('button', { name: /^未送信 0$/ }).waitFor();
      }
      const second = phones[1].page;
      await second.getByRole('button', { name: /^要確認 1$/ }).waitFor();
      const card = second.getByRole('article').filter({ hasText: '二台ごはん' });
      assert.match(await card.innerText(), /INSUFFICIENT_STOCK/);
      assert.match(await card.innerText(), new RegExp(lot.code));
      await screenshot(second, 'phone-refused');
      assert.deepEqual(await barriers(second), []);
      assert.deepEqual((await own.movements(rice)).map((one) => one.items), ['10', '8']);

      await card.getByRole('button', { name: '直して送る' }).click();
      await second.getByRole('dialog').getByLabel('数（点）').fill('2');
      await second.getByRole('dialog').getByRole('button', { name: '直して送る' }).click();
      await until(async () => (await own.movements(rice)).length === 3, 'the mended one is recorded');
      assert.deepEqual((await own.movements(rice)).map((one) => one.items), ['10', '8', '2']);
      for (const { context } of phones) await context.close();
    });
  });
});
