// The whole way of a donation, on screens alone: a donor offers, the coordinator accepts, a phone scans in, an allocation is made, changed and
// published, the group accepts, the phone scans out, the group confirms, an auditor reads. At the end the screens' figures are the RPCs'.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { barriers, callAs, launch, screenshot, server, settled } from './connection.mjs';
import { Camera, ean13, looks } from './camera.mjs';
import { day, newJan, until, World } from './world.mjs';

const number = (value) => Number(value ?? 0).toLocaleString('ja-JP');
const button = (page, name) => page.getByRole('button', { name, exact: true });
const skip = server ? false : 'KUBARI_SERVER is not set: no running installation to work with';

let browser;
let camera;
before(async () => {
  if (skip) return;
  camera = new Camera();
  browser = await launch(camera.flags);
});
after(async () => {
  await browser?.close();
  camera?.remove();
});

const everyone = [];

test('from a donor to a group, on screens alone', { skip }, async () => {
  try {
    await walk();
  } catch (error) {
    // What everybody saw when it went wrong.
    for (const [index, { page }] of everyone.entries()) await screenshot(page, `walk-failed-${index + 1}`);
    throw error;
  }
  for (const { complaints } of everyone) assert.deepEqual(complaints, []);
  for (const { context } of everyone) await context.close();
});

async function walk() {
  const world = await World.make('みちのり');
  const jan = newJan();
  const product = 'みちのり五目ごはん 180g';
  async function enter(role, options) {
    const window = await world.signIn(browser, role, options);
    everyone.push(window);
    return window.page;
  }

  // The donor registers an offer; the product is new and made on the spot.
  const donor = await enter('ROLE_DONOR', { organisation: world.donor.name.replace('donors/', 'organisations/') });
  await donor.goto(`${server}/#/donor/new`);
  await donor.getByLabel('件名').fill('みちのりの寄付');
  await donor.getByRole('combobox', { name: '商品' }).fill(jan);
  await donor.getByRole('combobox', { name: '商品' }).press('Enter');
  const made = donor.getByRole('dialog');
  await made.getByLabel('商品名').fill(product);
  await made.getByLabel('分類').selectOption({ index: 1 });
  await made.getByLabel(/^1点の重さ/).fill('200');
  await made.getByLabel('1ケースの入数（点）').fill('20');
  await screenshot(donor, 'walk-1-product');
  await made.getByRole('button', { name: '登録して使う' }).click();
  await made.waitFor({ state: 'detached' });
  await donor.getByLabel('ケース数', { exact: true }).fill('6');
  await donor.getByLabel('期限', { exact: true }).fill(day(250));
  await screenshot(donor, 'walk-1-offer');
  assert.deepEqual(await barriers(donor), []);
  await button(donor, 'この内容で送る').click();
  await donor.getByText('送りました。事務局の回答をお待ちください。').waitFor();

  // The coordinator accepts it.
  const coordinator = await enter('ROLE_COORDINATOR', { organisation: world.intermediary });
  await coordinator.goto(`${server}/#/offers`);
  await coordinator.getByLabel('件名・品名・寄付者で探す').fill(world.donor.displayName);
  await coordinator.getByRole('link', { name: 'みちのりの寄付' }).first().click();
  await button(coordinator, '受け入れる').click();
  await coordinator.getByRole('dialog').getByLabel('受入れ倉庫').selectOption(world.warehouse.name);
  await coordinator.getByRole('dialog').getByRole('button', { name: '受け入れる' }).click();
  await coordinator.getByRole('dialog').waitFor({ state: 'detached' });
  await screenshot(coordinator, 'walk-2-accepted');

  // The phone scans it in; the offer is expected and found by the code on the case.
  const phone = await enter('ROLE_VOLUNTEER', { phone: true });
  await phone.goto(`${server}/#/in`);
  await phone.getByRole('region', { name: '読み取り' }).waitFor();
  camera.show(ean13(jan), looks.tired);
  await phone.getByRole('heading', { level: 2, name: product }).waitFor();
  camera.hide();
  await button(phone, 'A-01').click();
  await button(phone, '入庫する').click();
  await phone.getByRole('status').filter({ hasText: '送信済み' }).first().waitFor();

  // An allocation: proposed, one line changed by hand with its reason, published.
  await coordinator.goto(`${server}/#/runs/new`);
  await coordinator.getByLabel('名前').fill('みちのりの配分');
  await coordinator.getByRole('checkbox', { name: world.warehouse.displayName }).check();
  await button(coordinator, '案を作る').click();
  await coordinator.getByRole('heading', { level: 1, name: 'みちのりの配分' }).waitFor();
  await screenshot(coordinator, 'walk-3-proposal');
  await coordinator.getByRole('link', { name: '明細' }).or(coordinator.getByRole('tab', { name: '明細' })).or(button(coordinator, '明細')).first().click();
  await coordinator.getByRole('row').filter({ hasText: product }).getByRole('button', { name: /^直す/ }).click();
  await coordinator.getByRole('dialog').getByLabel('数量（点）').fill('100');
  await coordinator.getByRole('dialog').getByLabel('直す理由').fill('残りは来週のイベントに使う');
  await coordinator.getByRole('dialog').getByRole('button', { name: 'この数にする' }).click();
  await coordinator.getByRole('dialog').waitFor({ state: 'detached' });
  await coordinator.getByRole('row').filter({ hasText: product }).getByText('100点').first().waitFor();
  await button(coordinator, '公開する').click();
  await coordinator.getByRole('dialog').getByRole('button', { name: '公開する' }).click();
  await coordinator.getByText('公開済み').first().waitFor();
  await screenshot(coordinator, 'walk-4-published');

  // The group accepts on its own phone.
  const group = await enter('ROLE_GROUP', { organisation: world.group.name.replace('groups/', 'organisations/'), phone: true });
  await settled(group);
  await screenshot(group, 'walk-5-offered');
  assert.deepEqual(await barriers(group), []);
  await group.getByRole('button', { name: /^全部受け取る/ }).click();
  await group.getByText('受け取ると伝えました。').waitFor();

  // The warehouse's phone hands it out.
  await phone.goto(`${server}/#/`);
  await phone.getByRole('button', { name: /更新$/ }).click();
  await phone.getByRole('link', { name: /^出庫/ }).filter({ hasText: '準備 1件' }).click();
  await phone.getByRole('link', { name: world.group.displayName }).click();
  await phone.getByRole('region', { name: '読み取り' }).waitFor();
  camera.show(ean13(jan), looks.dim);
  await phone.getByRole('heading', { level: 2, name: product }).waitFor();
  camera.hide();
  await button(phone, '出した').click();
  await phone.getByText('全部そろいました').first().waitFor();
  await screenshot(phone, 'walk-6-out');

  // The group says that all but two arrived.
  await until(async () => (await callAs(group, 'stock', 'ListDeliveries', { group: world.group.name })).deliveries?.length === 1, 'the delivery is shipped');
  await group.reload();
  await settled(group);
  await button(group, '数が違う').click();
  await group.getByRole('dialog').getByLabel('届いた数（点）').fill('98');
  await group.getByRole('dialog').getByLabel('足りない理由').selectOption({ index: 0 });
  await group.getByRole('dialog').getByRole('button', { name: '受領を確定する' }).click();
  await group.getByRole('dialog').waitFor({ state: 'detached' });
  await screenshot(group, 'walk-7-confirmed');
  // It lets donors know its name.
  await group.goto(`${server}/#/group/profile`);
  const naming = group.getByRole('region', { name: '寄付者に団体の名前を知らせる' });
  await naming.getByRole('button', { name: /^変える/ }).click();
  await naming.getByRole('checkbox').check();
  await naming.getByRole('button', { name: /^保存する/ }).click();
  await naming.getByText('保存しました。').waitFor();

  // The auditor reads: the figure, the movements behind it, and the lot's path.
  const auditor = await enter('ROLE_AUDITOR', { organisation: world.intermediary });
  const filter = { donor: world.donor.name };
  await until(async () => (await callAs(auditor, 'impact', 'GetImpact', { filter })).total?.items === '98', 'the figures have followed the ledger');
  await auditor.goto(`${server}/#/figures?donor=${encodeURIComponent(world.donor.name)}`);
  await settled(auditor);
  const { total } = await callAs(auditor, 'impact', 'GetImpact', { filter });
  for (const [name, value] of [['items', `${number(total.items)}点`], ['deliveries', number(total.deliveries)], ['households', number(total.householdsDistinct)]]) {
    assert.equal(await auditor.locator(`[data-figure=${name}] dd`).first().innerText(), value, name);
  }
  await screenshot(auditor, 'walk-8-figures');
  const [lot] = (await callAs(auditor, 'stock', 'ListLots', { donor: world.donor.name })).lots;
  await auditor.goto(`${server}/#/lots/${lot.code}`);
  await auditor.getByRole('heading', { level: 1, name: `${product}の足どり` }).waitFor();
  const trace = await callAs(auditor, 'stock', 'TraceLot', { lot: lot.code });
  assert.equal(await auditor.locator('[data-figure=given]').innerText(), '120点');
  assert.equal(await auditor.getByRole('table', { name: 'すべての動き（古い順）' }).locator('tbody tr').count(), trace.movements.length);
  const held = Object.fromEntries(trace.holders.map((holder) => [holder.place.kind, Number(holder.items)]));
  assert.deepEqual([held.PLACE_KIND_GROUP, held.PLACE_KIND_SHELF ?? held.PLACE_KIND_WAREHOUSE], [98, 20]);
  await screenshot(auditor, 'walk-9-lot');

  // The donor sees where it went.
  await donor.goto(`${server}/#/donor/offers`);
  await donor.getByRole('link', { name: 'みちのりの寄付' }).first().click();
  await donor.getByText(world.group.displayName).first().waitFor();
  await screenshot(donor, 'walk-10-donor');
}
