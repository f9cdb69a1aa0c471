// Agreements on screens: put on record, kept with their papers, revised from a day on, announced before they end, ended; what an offer was made
// under stays; who may offer when none is in force; and a group that two people must approve. Compared with what the RPCs answer.
import assert from 'node:assert/strict';
import { createHash, randomInt, randomUUID } from 'node:crypto';
import { after, before } from 'node:test';

import { fits, judge, launch, screenshot } from './connection.mjs';
import { button, dialog, go, gone, inEnglish, organisation, skip, walks } from './walks.mjs';
import { day, World } from './world.mjs';

const id = randomUUID;
const address = { municipalityCode: '13104', position: { latitudeE6: 35693800, longitudeE6: 139703500 } };
const paper = (text) => Buffer.from(`%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%${text}\n%%EOF\n`);

let browser;
let world;
let coordinator;
let donor;
let window;
before(async () => {
  if (skip) return;
  browser = await launch();
  world = await World.make('ごうい');
  donor = await world.do('donors', 'CreateDonor', { requestId: id(), donor: { code: `F${randomInt(1e9)}`, displayName: `${world.title}商会`, address } });
  coordinator = await world.signIn(browser, 'ROLE_COORDINATOR', { organisation: world.intermediary });
  window = await world.signIn(browser, 'ROLE_DONOR', { organisation: organisation(donor.name) });
});
after(() => browser?.close());

const walk = walks('agreements', () => ({ coordinator, donor: window }), /status of 40[03]/);
/** As it stands; and in English on a phone. */
async function seen(page, name) {
  await judge(page, `agreements-${name}`);
  await inEnglish(page, { width: 360, height: 780 }, async () => {
    await screenshot(page, `agreements-${name}-en`);
    await fits(page, `${name} in English`);
  });
}
const agreements = async () => (await world.do('donors', 'GetDonor', { name: donor.name })).agreements ?? [];

walk('without an agreement an offer is written but not sent', async () => {
  const page = window.page;
  await go(page, '/');
  await page.getByText('いま有効な合意書がありません。').waitFor();
  await go(page, '/donor/new');
  await page.getByText('いま有効な合意書がないため、送れません。').waitFor();
  assert.ok(await button(page, 'この内容で送る').isDisabled());
  await seen(page, 'none');
});

walk('an agreement is put on record with its clauses and duties; another over the same days is refused in words', async () => {
  const page = coordinator.page;
  await go(page, `/${donor.name}`);
  await button(page, '合意書を登録').click();
  const write = async (title, from, to) => {
    await dialog(page).getByLabel('件名').fill(title);
    await dialog(page).getByLabel('開始日').fill(from);
    await dialog(page).getByLabel('終了日').fill(to);
  };
  await write(`${world.title}の合意書`, day(-10), day(30));
  await dialog(page).getByLabel('引渡し時に残るべき日数').fill('30');
  await dialog(page).getByLabel('写真の公開を認める').check();
  await dialog(page).getByLabel(/回収のときの連絡先/).fill('品質保証室 03-0000-0000');
  await dialog(page).getByLabel(/報告の間隔/).fill('1');
  await dialog(page).getByLabel(/終了の予告/).fill('14');
  await dialog(page).getByLabel(/その他の取り決め/).fill(`${world.title}: ロゴは使わない`);
  await seen(page, 'new');
  await button(dialog(page), '登録する').click();
  await gone(page);
  await button(page, '合意書を登録').click();
  await write(`${world.title}の重なり`, day(20), day(200));
  await button(dialog(page), '登録する').click();
  await dialog(page).getByRole('alert').filter({ hasText: world.title }).waitFor();
  await seen(page, 'overlap');
  await dialog(page).getByLabel('開始日').fill(day(31));
  await button(dialog(page), '登録する').click();
  await gone(page);
  assert.deepEqual((await agreements()).map((one) => [one.validFromDate, one.validToDate]).sort(), [[day(-10), day(30)], [day(31), day(200)]]);
  await seen(page, 'donor');
});

walk('the paper is kept with its hash; what is no PDF is refused in words', async () => {
  const page = coordinator.page;
  await go(page, `/${donor.name}`);
  await page.getByRole('link', { name: `${world.title}の合意書` }).click();
  await button(page, '書類（PDF）を追加').click();
  await page.locator('input[type=file]').setInputFiles({ name: '偽物.pdf', mimeType: 'application/pdf', buffer: Buffer.from('PK\u0003\u0004 not a PDF') });
  await button(page, 'この書類を追加する').click();
  await page.getByText(/PDF.*(ではありません|必要|選んで)/).first().waitFor();
  await seen(page, 'no-pdf');
  const signed = paper(world.title);
  await page.locator('input[type=file]').setInputFiles({ name: '合意書.pdf', mimeType: 'application/pdf', buffer: signed });
  await button(page, 'この書類を追加する').click();
  await page.getByText('合意書.pdf').first().waitFor();
  await page.getByText('照合用の値（SHA-256）').click();
  await page.getByText(createHash('sha256').update(signed).digest('hex')).waitFor();
  await seen(page, 'paper');
});

walk('a revision counts from its day; an offer keeps the version it was made under', async () => {
  const rice = await world.product(`${world.title}ごはん`);
  const offer = (title) =>
    world.do('donors', 'CreateOffer', {
      requestId: id(),
      offer: { donor: donor.name, title, readyDate: day(1), lines: [{ product: rice.name, cases: '2', itemsPerCase: '12', temperatureZone: 'TEMPERATURE_ZONE_AMBIENT', goodUntil: { kind: 'DATE_KIND_BEST_BEFORE', date: day(200) } }] },
      submit: true,
    });
  const old = await offer(`${world.title}の前`);
  const page = coordinator.page;
  await go(page, `/${donor.name}`);
  await page.getByRole('link', { name: `${world.title}の合意書` }).click();
  await button(page, '改定する').click();
  await dialog(page).getByLabel('引渡し時に残るべき日数').fill('60');
  await seen(page, 'revise');
  await button(dialog(page), '改定を登録する').click();
  await gone(page);
  await page.getByRole('heading', { name: /^第2版/ }).waitFor();
  await seen(page, 'versions');
  const late = await offer(`${world.title}の後`);
  const kept = await world.do('donors', 'GetOffer', { name: old.name });
  assert.deepEqual([[kept.agreementVersion, kept.conditions.minRemainingDays], [late.agreementVersion, late.conditions.minRemainingDays]], [[1, 30], [2, 60]]);
  await go(page, `/${old.name}`);
  await page.getByRole('link', { name: '第1版' }).waitFor();
});

walk('what ends within 60 days, and whose report is due, is told ahead to both sides', async () => {
  const page = coordinator.page;
  await go(page, '/agreements');
  await page.getByRole('row').filter({ hasText: `${world.title}の合意書` }).getByText('あと30日').waitFor();
  await page.getByLabel('30日以内に報告の期日があるものだけ').check();
  await page.getByRole('row').filter({ hasText: `${world.title}の合意書` }).waitFor();
  await page.locator('[aria-busy=true]').waitFor({ state: 'detached' });
  await seen(page, 'ending');
  const theirs = window.page;
  await go(theirs, '/');
  await theirs.getByText(`合意書「${world.title}の合意書」の期限は`).waitFor();
  await go(theirs, '/donor/agreement');
  await theirs.getByText('写真の公開は可').first().waitFor();
  await theirs.getByRole('listitem').filter({ hasText: `${world.title}の合意書` }).getByRole('link', { name: '内容と書類を見る' }).first().click();
  await theirs.getByText('品質保証室 03-0000-0000').first().waitFor();
  await theirs.getByText('合意書.pdf').first().waitFor();
  assert.equal(await theirs.getByRole('button', { name: '改定する' }).count(), 0);
  await seen(theirs, 'theirs');
});

walk('it is ended early: the notice that was agreed is said, and the day after nothing more is made under it', async () => {
  const page = coordinator.page;
  await go(page, `/${donor.name}`);
  await page.getByRole('button', { name: `早めに終了する ${world.title}の合意書` }).click();
  await dialog(page).getByText('14日前までに予告する約束です。').waitFor();
  assert.equal(await dialog(page).getByLabel('最後の日').inputValue(), day(14));
  await seen(page, 'end');
  await dialog(page).getByLabel('最後の日').fill(day(0));
  await dialog(page).getByRole('button', { name: '早めに終了する' }).click();
  await gone(page);
  await page.getByText(/で終了/).first().waitFor();
  await seen(page, 'ended');
  const [ended] = (await agreements()).filter((one) => one.title === `${world.title}の合意書`);
  assert.deepEqual([ended.state, ended.endDate], ['AGREEMENT_STATE_TERMINATED', day(0)]);
});

walk('where two people must look, who entered a group does not approve it', async () => {
  const rules = await world.do('groups.applications', 'GetGroupRules', {});
  await world.do('groups.applications', 'UpdateGroupRules', { requestId: id(), rules: { ...rules, fourEyes: true } });
  const second = await world.signIn(browser, 'ROLE_COORDINATOR', { organisation: world.intermediary });
  try {
    const page = coordinator.page;
    const name = `${world.title}の二人目`;
    await go(page, '/groups');
    await button(page, '団体を登録').click();
    await dialog(page).getByLabel(/^コード/).fill(`K${randomInt(1e9)}`);
    await dialog(page).getByLabel('名前', { exact: true }).fill(name);
    await dialog(page).getByLabel('世帯数').first().fill('20');
    await dialog(page).getByRole('combobox', { name: /市区町村/ }).fill('新宿区');
    await dialog(page).getByRole('listbox').getByRole('option').first().click();
    await button(dialog(page), '保存する').click();
    await gone(page);
    const [made] = (await world.do('groups', 'ListGroups', { query: name })).groups;
    await world.do('groups', 'CreateAgreement', { requestId: id(), group: made.name, agreement: { title: '合意書', validFromDate: '2020-01-01' } });
    const application = `/applications/${made.name.split('/')[1]}`;
    await go(page, application);
    await button(page, '承認する').click();
    await page.getByRole('alert').first().waitFor();
    await seen(page, 'four-eyes');
    assert.equal((await world.do('groups', 'GetGroup', { name: made.name })).state, 'GROUP_STATE_APPLIED');
    await go(second.page, application);
    await button(second.page, '承認する').click();
    await second.page.getByText('利用中').first().waitFor();
    assert.equal((await world.do('groups', 'GetGroup', { name: made.name })).state, 'GROUP_STATE_ACTIVE');
    assert.deepEqual(second.complaints, []);
  } finally {
    await second.context.close();
    const now = await world.do('groups.applications', 'GetGroupRules', {});
    await world.do('groups.applications', 'UpdateGroupRules', { requestId: id(), rules: { ...now, fourEyes: rules.fourEyes ?? false } });
  }
});
