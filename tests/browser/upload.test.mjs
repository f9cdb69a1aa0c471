// A donor's list becomes offers: its own headings are matched, each problem stands at its cell and is mended there, and nothing is written before
// all is well.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { barriers, launch, screenshot, server } from './connection.mjs';
import { newJan, until, World } from './world.mjs';

const skip = server ? false : 'KUBARI_SERVER is not set: no running installation to work with';
let browser;
before(async () => {
  if (!skip) browser = await launch();
});
after(() => browser?.close());

test('a list with an unknown barcode and a date that is none', { skip }, async () => {
  const world = await World.make('ひょう');
  const [rice, tea] = [await world.product('ひょうごはん'), await world.product('ひょう茶')];
  const { context, page, complaints } = await world.signIn(browser, 'ROLE_DONOR', { organisation: world.donor.name.replace('donors/', 'organisations/') });
  await page.goto(`${server}/#/donor/upload`);
  const unknown = newJan();
  const list = ['JANコード,品名,ケース,入り数,賞味期限', `${rice.jan},ひょうごはん,5,12,2027-09-30`, `${unknown},知らない品,4,10,2027-09-30`, `${tea.jan},ひょう茶,3,12,2027-02-30`].join('\r\n');
  await page.locator('input[type=file]').setInputFiles({ name: 'list.csv', mimeType: 'text/csv', buffer: Buffer.from(`\uFEFF${list}\r\n`) });
  await page.getByText('list.csv（3行').waitFor();
  await page.getByLabel('件名（全行同じ値）').fill('ひょうの寄付');
  await page.getByRole('button', { name: '確かめる', exact: true }).click();
  await page.getByText(/直す所が\d+か所あります/).first().waitFor();
  await screenshot(page, 'upload-problems');
  assert.deepEqual(await barriers(page), []);
  // At their cells, read out with them.
  const cell = (row, column) => page.getByLabel(`${row}行目の${column}`, { exact: true });
  for (const one of [cell(3, 'バーコード'), cell(4, '期限')]) assert.equal(await one.getAttribute('aria-invalid'), 'true');
  assert.equal(await cell(2, 'バーコード').count(), 0, 'rows that are good stand back');
  assert.equal((await world.do('donors', 'ListOffers', { donor: world.donor.name })).offers?.length ?? 0, 0, 'nothing is written yet');

  for (const [row, column, value] of [[3, 'バーコード', rice.jan], [4, '期限', '2027-02']]) {
    await cell(row, column).fill(value);
    await cell(row, column).press('Tab');
  }
  await page.getByRole('button', { name: 'もう一度確かめる' }).click();
  await page.getByText(/問題はありません/).first().waitFor();
  await page.getByRole('button', { name: /件を登録する$/ }).click();
  await until(async () => (await world.do('donors', 'ListOffers', { donor: world.donor.name })).offers?.length === 1, 'the offer is there');
  const [{ lines }] = (await world.do('donors', 'ListOffers', { donor: world.donor.name })).offers;
  assert.deepEqual(lines.map((line) => [line.product, line.cases, line.goodUntil.date]), [[rice.name, '5', '2027-09-30'], [rice.name, '4', '2027-09-30'], [tea.name, '3', '2027-02']]);
  await screenshot(page, 'upload-done');
  assert.deepEqual(complaints, []);
  await context.close();
});
