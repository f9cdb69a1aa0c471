// Offers on screens: written, asked about, accepted in part, received with a difference, closed; declined and withdrawn; from lists; by a
// wholesaler for a maker; repeated weekly; and unusual goods that groups are asked about. What the screens did is compared with what the RPCs
// answer; each page is looked at in both languages, at a desk and on a phone.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before } from 'node:test';

import { all, fits, judge, launch, pick, screenshot } from './connection.mjs';
import { button, dialog, go, gone, inEnglish, organisation, skip, walks } from './walks.mjs';
import { day, newJan, until, World } from './world.mjs';

const id = randomUUID;
const path = (name) => name.split('/').at(-1);

let browser;
let world;
let coordinator;
let donor;
let group;
let warehouses;
before(async () => {
  if (skip) return;
  browser = await launch();
  world = await World.make('もうしで');
  coordinator = await world.signIn(browser, 'ROLE_COORDINATOR', { organisation: world.intermediary });
  donor = await world.signIn(browser, 'ROLE_DONOR', { organisation: organisation(world.donor.name) });
  group = await world.signIn(browser, 'ROLE_GROUP', { organisation: organisation(world.group.name), phone: true });
  // A page may have all of them to choose from.
  warehouses = (await world.do('stock', 'ListWarehouses', { pageSize: 200 })).warehouses.map(({ displayName }) => displayName);
});
after(() => browser?.close());

/** A small Excel file: one sheet of texts and numbers. */
async function xlsx(rows) {
  const { downloadZip } = await import(new URL('../../mobile_api/web/node_modules/client-zip/index.js', import.meta.url));
  const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
  const cell = (value) => (typeof value === 'number' ? `<c><v>${value}</v></c>` : `<c t="inlineStr"><is><t>${value}</t></is></c>`);
  const files = {
    '[Content_Types].xml': '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    '_rels/.rels': `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="${office}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `<workbook xmlns="${main}" xmlns:r="${office}"><sheets><sheet name="1" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="${office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
    'xl/worksheets/sheet1.xml': `<worksheet xmlns="${main}"><sheetData>${rows.map((row) => `<row>${row.map(cell).join('')}</row>`).join('')}</sheetData></worksheet>`,
  };
  const zip = downloadZip(Object.entries(files).map(([name, input]) => ({ name, input })));
  return Buffer.from(await zip.arrayBuffer());
}

const walk = walks('offers', () => ({ coordinator, donor, group }));

const desk = { width: 1280, height: 900 };
const phone = { width: 360, height: 780 };
/** The page as it stands, in both languages and both sizes; in English nothing is Japanese but what people typed. */
async function seen(page, name, typed = []) {
  typed = [world.title, '合意書', '例示', ...warehouses, ...typed];
  await judge(page, `offers-${name}`);
  const left = await inEnglish(page, page.viewportSize().width > 600 ? phone : desk, async () => {
    await screenshot(page, `offers-${name}-en`);
    await fits(page, `${name} in English`);
    return page.evaluate(() => {
      const texts = [];
      const walker = document.createTreeWalker(document.querySelector('dialog[open]') ?? document.querySelector('main'), NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) if (/[\u3040-\u30ff\u4e00-\u9fff]/.test(walker.currentNode.data)) texts.push(walker.currentNode.data.trim());
      return texts;
    });
  });
  assert.deepEqual(left.filter((text) => !typed.some((one) => text.includes(one))), [], `${name}: Japanese on an English page`);
}
const offerOf = async (title) => (await all('donors', 'ListOffers', 'offers', { donor: world.donor.name })).find((one) => one.title === title);

const weeklyTitle = () => `${world.title}の毎週のごはん`;
walk('what is given every week is written down once; a week is left out', async () => {
  const rice = await world.product(`${world.title}週のごはん`);
  const page = donor.page;
  await go(page, '/donor/standing/new');
  await page.getByLabel('件名').fill(weeklyTitle());
  const weekday = new Intl.DateTimeFormat('ja', { weekday: 'long', timeZone: 'UTC' }).format(new Date(`${day(2)}T00:00:00Z`));
  await page.getByLabel('引き渡せる曜日').selectOption({ label: weekday.replace('曜日', '') });
  await page.getByLabel('何日前に申し出るか').fill('3');
  await page.getByRole('combobox', { name: '商品' }).fill(rice.jan);
  await page.getByRole('combobox', { name: '商品' }).press('Enter');
  await page.getByText(rice.displayName).first().waitFor();
  await page.getByLabel('ケース数').fill('2');
  await page.getByLabel('期限（引き渡せる日から何日後か）').fill('90');
  await seen(page, 'standing-new');
  await button(page, '保存する').click();
  await page.getByRole('heading', { level: 1, name: weeklyTitle() }).waitFor();
  const second = page.locator('.days button').nth(1);
  await second.click();
  await page.getByRole('button', { name: /— 休み$/ }).waitFor();
  await button(page, '保存する').click();
  await page.getByText('保存しました。').waitFor();
  await seen(page, 'standing');
  const [standing] = (await world.do('donors.standingOffers', 'ListStandingOffers', { donor: world.donor.name })).standingOffers;
  assert.deepEqual([standing.leadDays, standing.skipDates?.length, standing.lines[0].cases], [3, 1, '2']);
});

walk('an offer is written, kept as a draft, sent, asked about, answered, accepted in part, received with a difference and closed', async () => {
  const rice = await world.product(`${world.title}ごはん`);
  const soup = await world.product(`${world.title}スープ`, { category: 'FOOD_CATEGORY_RETORT' });
  const title = `${world.title}の規格変更品`;
  const page = donor.page;
  await go(page, '/donor/new');
  await page.getByLabel('件名').fill(title);
  await page.getByLabel('いつから引き渡せるか').fill(day(3));
  const line = (n) => page.getByRole('group', { name: `${n}行目` });
  const write = async (n, product, cases, date) => {
    await line(n).getByRole('combobox', { name: '商品' }).fill(product.jan);
    await line(n).getByRole('combobox', { name: '商品' }).press('Enter');
    await line(n).getByText(product.displayName).first().waitFor();
    await line(n).getByLabel('ケース数', { exact: true }).fill(String(cases));
    await line(n).getByLabel('期限', { exact: true }).fill(date);
  };
  await write(1, rice, 10, day(200));
  await button(page, '＋ 行を加える').click();
  await write(2, soup, 5, '2027-02-30');
  await line(2).getByText('日付として読めません').waitFor();
  await seen(page, 'form');
  await button(page, '下書きとして保存').click();
  assert.equal(await offerOf(title), undefined, 'what is no date is not saved');
  await line(2).getByLabel('期限', { exact: true }).fill('2703');
  await line(2).getByText('2027年3月').first().waitFor();
  await button(page, '下書きとして保存').click();
  await page.getByText('下書きを保存しました').waitFor();
  assert.equal((await offerOf(title)).state, 'OFFER_STATE_DRAFT');

  await go(page, '/');
  await page.getByRole('link', { name: `続きを書く ${title}` }).click();
  await page.getByLabel('件名').waitFor();
  await button(page, 'この内容で送る').click();
  await page.getByText('送りました。事務局の回答をお待ちください。').waitFor();
  await seen(page, 'submitted');
  const offer = await offerOf(title);

  const office = coordinator.page;
  await go(office, `/offers/${path(offer.name)}`);
  await office.getByLabel('寄付企業への質問').fill(`${world.title}: パレットのままですか。`);
  await button(office, '質問する').click();
  await office.getByText(`${world.title}: パレットのままですか。`).waitFor();
  await seen(office, 'asked');

  await go(page, '/');
  await seen(page, 'home-asked');
  await page.getByRole('link', { name: `回答する ${title}` }).click();
  await page.getByLabel('事務局への回答').fill(`${world.title}: ばらでお渡しできます。`);
  await button(page, '回答する').click();
  await page.getByText(`${world.title}: ばらでお渡しできます。`).waitFor();
  await seen(page, 'answered');

  await go(office, `/offers/${path(offer.name)}`);
  await office.getByText(`${world.title}: ばらでお渡しできます。`).waitFor();
  await button(office, '受け入れる').click();
  await dialog(office).getByRole('combobox').selectOption({ label: world.warehouse.displayName });
  await dialog(office).getByLabel(`${rice.displayName} の受入れケース数`).fill('6');
  await dialog(office).getByLabel(`${soup.displayName} の受入れケース数`).fill('0');
  await dialog(office).getByLabel('一部だけ受け入れる理由').fill(`${world.title}の棚に入りきらないため`);
  await seen(office, 'accept');
  await dialog(office).getByRole('button', { name: '受け入れる', exact: true }).click();
  await gone(office);
  await office.getByText(`${world.title}の棚に入りきらないため`).waitFor();
  const taken = await offerOf(title);
  assert.deepEqual([taken.state, taken.acceptNote, taken.lines.map((one) => one.acceptedCases ?? '0')], ['OFFER_STATE_ACCEPTED', `${world.title}の棚に入りきらないため`, ['6', '0']]);

  await go(page, `/donor/offers/${path(offer.name)}`);
  await page.getByText(`${world.title}の棚に入りきらないため`).waitFor();
  await page.getByText('あと72').first().waitFor();
  await page.getByText('受入れなし').first().waitFor();
  await seen(page, 'accepted');

  await world.do('stock', 'ReceiveStock', { requestId: id(), place: world.shelf['A-01'], offerLine: taken.lines[0].name, items: '70' });
  await until(async () => (await offerOf(title)).lines[0].receivedItems === '70', 'the offer knows what arrived');
  await go(office, `/offers/${path(offer.name)}`);
  await office.getByRole('row').filter({ hasText: rice.displayName }).getByText('−2点').first().waitFor();
  await seen(office, 'received');
  await button(office, '終了にする').click();
  await dialog(office).getByLabel('数量の違いについて').fill(`${world.title}の2点は破袋でした`);
  await seen(office, 'close');
  await dialog(office).getByRole('button', { name: '終了にする' }).click();
  await gone(office);
  assert.equal((await offerOf(title)).state, 'OFFER_STATE_CLOSED');

  await go(page, `/donor/offers/${path(offer.name)}`);
  await page.getByText(`${world.title}の2点は破袋でした`).waitFor();
  await page.getByText('2点少ない').first().waitFor();
  await seen(page, 'closed');
});

walk('an offer is declined with a reason that the donor reads; another is withdrawn', async () => {
  const tea = await world.product(`${world.title}茶`);
  const make = async (title) => {
    const content = { donor: world.donor.name, title, readyDate: day(1), lines: [{ product: tea.name, cases: '4', itemsPerCase: '12', temperatureZone: 'TEMPERATURE_ZONE_AMBIENT', goodUntil: { kind: 'DATE_KIND_BEST_BEFORE', date: day(100) } }] };
    return world.do('donors', 'CreateOffer', { requestId: id(), offer: content, submit: true });
  };
  const [unwanted, mistaken] = [await make(`${world.title}の茶`), await make(`${world.title}の間違い`)];
  const office = coordinator.page;
  await go(office, `/offers/${path(unwanted.name)}`);
  await button(office, '断る').click();
  await dialog(office).getByLabel('理由').fill(`${world.title}: 配れる団体がありません`);
  await seen(office, 'decline');
  await dialog(office).getByRole('button', { name: '断る' }).click();
  await gone(office);
  const page = donor.page;
  await go(page, `/donor/offers/${path(unwanted.name)}`);
  await page.getByText(`理由：${world.title}: 配れる団体がありません`).waitFor();
  await seen(page, 'declined');
  await go(page, `/donor/offers/${path(mistaken.name)}`);
  await button(page, '取り下げる').click();
  await dialog(page).getByRole('button', { name: '取り下げる' }).click();
  await page.getByText('取り下げました。').waitFor();
  await go(page, '/donor/offers');
  await seen(page, 'list');
  // Who decided meanwhile is not overruled by a page that was open.
  assert.equal((await offerOf(`${world.title}の間違い`)).state, 'OFFER_STATE_WITHDRAWN');
});

walk('a maker consents, a wholesaler offers in its name from an Excel list, both see it; the consent is taken back', async () => {
  const noodles = await world.product(`${world.title}めん`);
  const wholesaler = await world.do('donors', 'CreateDonor', { requestId: id(), donor: { code: `W${path(id())}`.slice(0, 20), displayName: `${world.title}卸`, kind: 'DONOR_KIND_WHOLESALER', address: { municipalityCode: '13104' } } });
  const page = donor.page;
  await go(page, '/donor/agreement');
  await seen(page, 'agreement');
  await go(page, `/${world.donor.name}/profile`);
  await button(page, '同意する').click();
  await pick(dialog(page), '会社', wholesaler.displayName);
  await seen(page, 'consent');
  await dialog(page).getByRole('button', { name: '同意する' }).click();
  await gone(page);
  await page.getByText(wholesaler.displayName).first().waitFor();
  await seen(page, 'profile');

  const other = await world.signIn(browser, 'ROLE_DONOR', { organisation: organisation(wholesaler.name) });
  const desk = other.page;
  await go(desk, `/${wholesaler.name}/profile`);
  await desk.getByText('代わりに申し出られる会社').waitFor();
  await desk.getByText(world.donor.displayName).first().waitFor();
  await seen(desk, 'acts-for');
  await go(desk, '/donor/new');
  await desk.getByLabel('どの寄付企業として登録しますか').selectOption({ label: world.donor.displayName });
  await desk.getByLabel('件名').fill(`${world.title}の代理`);
  await desk.getByRole('combobox', { name: '商品' }).fill(noodles.jan);
  await desk.getByRole('combobox', { name: '商品' }).press('Enter');
  await desk.getByText(noodles.displayName).first().waitFor();
  await desk.getByLabel('ケース数', { exact: true }).fill('3');
  await desk.getByLabel('期限', { exact: true }).fill('2028-01');
  await seen(desk, 'acting-form');
  await button(desk, 'この内容で送る').click();
  await desk.getByText('送りました。').waitFor();
  await seen(desk, 'acting');
  const made = await offerOf(`${world.title}の代理`);
  assert.equal(made.actingDonor, wholesaler.name);

  await go(desk, '/donor/upload');
  const list = await xlsx([['寄付者コード', 'JANコード', '品名', 'ケース', '入り数', '賞味期限'], [world.donor.code, noodles.jan, 'めん', 5, 12, '2028-01-31'], [world.donor.code, newJan(), '知らない品', 0, 12, '2028-13-01'], ['NOBODY', noodles.jan, 'めん', 2, 12, '2028-01-31']]);
  await desk.locator('input[type=file]').setInputFiles({ name: 'list.xlsx', mimeType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', buffer: list });
  await desk.getByText('list.xlsx（3行').waitFor();
  await desk.getByLabel('件名（全行同じ値）').fill(`${world.title}の表`);
  await button(desk, '確かめる').click();
  await desk.getByText(/直す所が\d+か所あります/).first().waitFor();
  // Headings and cells as they stand in the file, and the examples of the columns.
  const file = ['寄付者コード', 'JANコード', '品名', 'ケース', '入り数', '賞味期限', 'めん', '知らない品', 'やわらかごはん', '常温', '外装に小さなへこみ', '秋の規格変更品'];
  await seen(desk, 'list-problems', file);

  const cell = (row, column) => desk.getByLabel(`${row}行目の${column}`, { exact: true });
  for (const [row, column, value] of [[3, 'バーコード', noodles.jan], [3, 'ケース数', '4'], [3, '期限', '2028-03'], [4, '寄付企業コード', world.donor.code]]) {
    await cell(row, column).fill(value);
    await cell(row, column).press('Tab');
  }
  await button(desk, 'もう一度確かめる').click();
  await desk.getByText(/問題はありません/).first().waitFor();
  await desk.getByRole('button', { name: /件を登録する$/ }).click();
  await until(async () => (await offerOf(`${world.title}の表`))?.lines.length === 3, 'the list is an offer of the maker');
  assert.equal((await offerOf(`${world.title}の表`)).actingDonor, wholesaler.name);
  await desk.getByRole('link', { name: '申出を見る' }).waitFor();
  await seen(desk, 'list-done', file);

  await go(page, '/donor/offers');
  await page.getByRole('link', { name: `${world.title}の代理` }).click();
  await page.getByText(`代わりに申し出る会社: ${wholesaler.displayName}`).waitFor();
  await go(page, `/${world.donor.name}/profile`);
  await page.getByRole('button', { name: `同意を取り消す ${wholesaler.displayName}` }).click();
  await dialog(page).getByRole('button', { name: '同意を取り消す' }).click();
  await gone(page);
  await page.getByText('代わりに申し出る会社はありません。').waitFor();
  await go(desk, '/donor/new');
  assert.equal(await desk.getByLabel('どの寄付企業として登録しますか').count(), 0);
  assert.deepEqual(other.complaints, []);
  await other.context.close();
});

walk('unusual goods of an offer: the groups are asked, one taps, it is a need', async () => {
  const care = await world.product(`${world.title}やわらか食`, { category: 'FOOD_CATEGORY_CARE' });
  const offer = await world.do('donors', 'CreateOffer', {
    requestId: id(),
    offer: { donor: world.donor.name, title: `${world.title}の介護食`, readyDate: day(2), lines: [{ product: care.name, cases: '8', itemsPerCase: '12', temperatureZone: 'TEMPERATURE_ZONE_AMBIENT', goodUntil: { kind: 'DATE_KIND_BEST_BEFORE', date: day(150) } }] },
    submit: true,
  });
  const office = coordinator.page;
  await go(office, `/offers/${path(offer.name)}`);
  await office.getByRole('link', { name: `これ、使えますか ${care.displayName}` }).click();
  await office.getByLabel('団体に伝えたいこと（任意）').fill(`${world.title}: 歯ぐきでつぶせます`);
  await button(office, 'だれにたずねるか確かめる').click();
  await office.getByText('1団体にたずねます。').waitFor();
  await seen(office, 'broadcast-preview');
  await button(office, 'この内容でたずねる').click();
  await office.getByText('回答を受付中').waitFor();

  const small = group.page;
  await go(small, '/');
  // Whoever asks all groups asks this one as well.
  const { broadcasts } = await world.do('donors.broadcasts', 'ListBroadcasts', { pageSize: 200 });
  const asked = broadcasts.flatMap(({ productDisplayName, text }) => [productDisplayName, text]).filter(Boolean);
  await small.getByRole('link', { name: `回答する ${care.displayName}` }).click();
  await small.getByRole('button', { name: '使います' }).first().click();
  await small.getByLabel('何ケース使えますか').fill('3');
  await seen(small, 'broadcast-reply', asked);
  await button(small, '回答する').click();
  await small.getByText('回答ずみ：使えます（3ケース）').waitFor();
  await seen(small, 'broadcast-replied', asked);

  await office.reload();
  await office.getByRole('row').filter({ hasText: world.group.displayName }).getByText('3ケース').waitFor();
  await seen(office, 'broadcast');
  const { needs } = await world.do('groups.needs', 'ListNeeds', { group: world.group.name });
  assert.deepEqual(needs.filter((one) => one.product === care.name).map((one) => one.state), ['NEED_STATE_OPEN']);
});

walk('the week’s offer is there, and the week after it rests', async () => {
  await until(async () => await offerOf(weeklyTitle()), 'the offer of the week', 90);
  assert.equal((await offerOf(weeklyTitle())).state, 'OFFER_STATE_SUBMITTED');
  const page = donor.page;
  await go(page, '/donor/standing');
  await page.getByRole('link', { name: weeklyTitle() }).click();
  await page.getByRole('link', { name: '開く' }).waitFor();
  await page.getByLabel('休止する（再開するまで申出を登録しない）').check();
  await button(page, '保存する').click();
  await page.getByText('保存しました。').waitFor();
  await seen(page, 'standing-rests');
  await go(page, '/donor/standing');
  await page.getByRole('row').filter({ hasText: weeklyTitle() }).getByText('休止中').waitFor();
  await seen(page, 'standing-list');
});

walk('the menu of who has most to choose from stands in one line at a desk, and opens by keys', async () => {
  const office = coordinator.page;
  await go(office, '/offers');
  const lines = () => office.evaluate(() => new Set([...document.querySelectorAll('#menu > li')].map((one) => one.getBoundingClientRect().top)).size);
  for (const language of ['en', 'ja']) {
    assert.equal(await lines(), 1);
    await office.locator('button.language').click();
    await office.waitForFunction((to) => document.documentElement.lang === to, language);
  }
  const first = office.locator('#menu summary').first();
  await first.focus();
  await office.keyboard.press('Enter');
  await office.getByRole('link', { name: '在庫', exact: true }).waitFor();
  await office.keyboard.press('Escape');
  assert.equal(await office.locator('#menu details[open]').count(), 0);
  assert.ok(await first.evaluate((one) => one === document.activeElement));
});
