// The registers, on screens: a group applies and is approved, answers a survey, is asked who can use something; a municipality's request is handed
// over, taken on and fulfilled from stock; an agreement gets a version with its paper; a list with a bad cell is taken in. What the screens did is
// compared with what the RPCs answer.
import assert from 'node:assert/strict';
import { createHash, randomInt, randomUUID } from 'node:crypto';
import { after, before } from 'node:test';

import { all, call, callAs, judge, launch, open, pick, server } from './connection.mjs';
import { Mail } from './mail.mjs';
import { button, go, gone, organisation, skip, walks } from './walks.mjs';
import { day, until, World } from './world.mjs';

const id = randomUUID;

let browser;
let world;
let coordinator;
let group;
before(async () => {
  if (skip) return;
  browser = await launch();
  world = await World.make('とうろく');
  [coordinator, group] = [
    await world.signIn(browser, 'ROLE_COORDINATOR', { organisation: world.intermediary }),
    await world.signIn(browser, 'ROLE_GROUP', { organisation: organisation(world.group.name), phone: true }),
  ];
});
after(() => browser?.close());

const walk = walks('registers', () => ({ coordinator, group }));
const home = (page) => go(page, '/');

walk('a group applies by the public form, confirms its address, is checked and approved', async () => {
  const file = process.env.KUBARI_SMTP_FILE;
  const mail = file && (await Mail.make(file));
  const rules = await world.do('groups.applications', 'GetGroupRules', {});
  if (!rules.applicationsOpen) await world.do('groups.applications', 'UpdateGroupRules', { requestId: id(), rules: { ...rules, applicationsOpen: true } });
  const { code } = (await call('identity', 'GetSession', {})).network;
  const name = `${world.title}の申込食堂`;
  const email = `apply${randomInt(1e9)}@example.org`;
  const { context, page, complaints } = await open(browser, { phone: true });
  try {
    await page.goto(`${server}/#/apply?network=${code}`);
    await page.getByLabel('団体の名前', { exact: true }).fill(name);
    await page.getByLabel('団体の名前のふりがな').fill('とうろくのもうしこみしょくどう');
    await pick(page, '拠点の市区町村', '新宿区');
    await page.getByLabel(/^支援している世帯数/).fill('25');
    await page.getByLabel('申し込みをする人・窓口の名前').fill('窓口');
    await page.getByLabel('連絡先のメールアドレス').fill(email);
    await judge(page, 'registers-apply');
    await button(page, '申し込む').click();
    await page.getByText('申し込みを受け付けました').waitFor();
    if (mail) {
      await until(() => mail.to(email), 'the letter that asks to confirm the address');
      const link = /https?:\S+#\/apply\/\S+/.exec(mail.to(email).text)?.[0];
      assert.ok(link, mail.to(email).text);
      await page.goto(`${server}/${new URL(link).hash}`);
      await page.getByText('メールアドレスの確認ができました').waitFor();
      await judge(page, 'registers-apply-confirmed');
    }
    assert.deepEqual(complaints, []);
  } finally {
    mail?.close();
    await context.close();
  }

  const desk = coordinator.page;
  await desk.goto(`${server}/#/applications?q=${encodeURIComponent(name)}`);
  await desk.getByRole('link', { name }).click();
  await desk.getByRole('heading', { level: 1, name }).waitFor();
  await desk.getByLabel('連絡先を確かめた').check();
  await desk.getByText(/の担当（\d/).first().waitFor();
  await judge(desk, 'registers-application');
  const found = (await world.do('groups.applications', 'ListApplications', { query: name })).applications[0];
  assert.equal(found.checks.length, 1);
  // By the letter, or by who reached them.
  assert.equal(found.state, 'GROUP_STATE_APPLIED');
  await button(desk, '承認する').click();
  await desk.getByText('利用中').first().waitFor();
  assert.equal((await world.do('groups', 'GetGroup', { name: found.group })).state, 'GROUP_STATE_ACTIVE');
});

walk('a survey is answered from the home page: one part by a tap, one changed', async () => {
  const survey = await world.do('groups.surveys', 'CreateSurvey', {
    requestId: id(),
    survey: { title: `${world.title}の調査`, sections: ['SECTION_ORGANISATION', 'SECTION_PEOPLE'], untilDate: day(7), groups: [world.group.name] },
  });
  const phone = group.page;
  await home(phone);
  await phone.getByRole('link', { name: `答える ${survey.title}` }).click();
  await phone.getByRole('heading', { level: 1, name: survey.title }).waitFor();
  await button(phone, '変わりなし 団体について').click();
  await phone.getByText('1／2 済み').waitFor();
  await button(phone, '変える 支援している人数').click();
  await phone.getByLabel('うち子どもの人数').fill('31');
  await judge(phone, 'registers-survey');
  await button(phone, '保存する').click();
  await phone.getByText('すべて確認できました').waitFor();
  assert.equal((await world.do('groups', 'GetGroup', { name: world.group.name })).children, '31');

  const desk = coordinator.page;
  await desk.goto(`${server}/#/surveys/${survey.name.split('/')[1]}`);
  await desk.getByText('1／1 団体が回答').waitFor();
  await desk.getByRole('row').filter({ hasText: world.group.displayName }).getByText('回答済み').waitFor();
  await judge(desk, 'registers-survey-answers');
});

walk('what a group can use is written, changed, and taken back', async () => {
  const phone = group.page;
  await phone.goto(`${server}/#/group/needs`);
  await button(phone, '希望を書く').click();
  await phone.getByLabel('ほしいもの').fill('おむつ Lサイズ');
  await phone.getByLabel('数（分かれば）').fill('30');
  await button(phone, '保存する').click();
  await gone(phone);
  await phone.getByRole('button', { name: /^直す/ }).click();
  await phone.getByLabel('ほしいもの').fill('おむつ Mサイズ');
  await button(phone, '保存する').click();
  await gone(phone);
  await phone.getByRole('button', { name: /^取り下げる/ }).click();
  await button(phone, '元に戻す').click();
  await phone.getByRole('button', { name: /^直す/ }).waitFor();
  await judge(phone, 'registers-needs');
  const { needs } = await callAs(phone, 'groups.needs', 'ListNeeds', {});
  assert.deepEqual(needs.map(({ text, quantity, state }) => [text, quantity, state]), [['おむつ Mサイズ', '30', 'NEED_STATE_OPEN']]);
});

walk('groups are asked who can use something, one answers by a tap', async () => {
  const care = await world.product('とうろくのやわらか食', { category: 'FOOD_CATEGORY_CARE' });
  const desk = coordinator.page;
  await desk.goto(`${server}/#/broadcasts/new`);
  await desk.getByRole('combobox', { name: '商品' }).fill(care.jan);
  await desk.getByRole('combobox', { name: '商品' }).press('Enter');
  await desk.getByText(care.displayName).first().waitFor();
  await desk.getByLabel('ケース数').fill('6');
  await desk.getByLabel('期限', { exact: true }).fill(day(120));
  await button(desk, 'だれにたずねるか確かめる').click();
  await desk.getByText(/\d+団体にたずねます。/).waitFor();
  await judge(desk, 'registers-broadcast-preview');
  await button(desk, 'この内容でたずねる').click();
  await desk.getByRole('heading', { level: 1, name: care.displayName }).waitFor();

  const phone = group.page;
  await home(phone);
  await phone.getByRole('link', { name: `回答する ${care.displayName}` }).click();
  await phone.getByRole('button', { name: '使います' }).first().click();
  await phone.getByLabel('何ケース使えますか').fill('2');
  await judge(phone, 'registers-question');
  await button(phone, '回答する').click();
  await phone.getByText('回答ずみ：使えます（2ケース）').waitFor();

  await desk.reload();
  await desk.getByRole('row').filter({ hasText: world.group.displayName }).getByText('2ケース').waitFor();
  await judge(desk, 'registers-broadcast-answers');
});

walk('a municipality asks, the request is handed over, taken on, and fulfilled from stock; every look is on record', async () => {
  const rice = await world.product('とうろくごはん');
  const lot = await world.stock(rice, 48);
  const city = await call('identity', 'CreateOrganisation', { requestId: id(), kind: 'ORGANISATION_KIND_PARTNER', displayName: `${world.title}市役所` });
  const partner = await world.signIn(browser, 'ROLE_PARTNER', { organisation: city.name });
  const office = partner.page;
  await office.goto(`${server}/#/support/new`);
  await office.getByLabel('依頼先の種類').selectOption({ label: '受取団体' });
  await pick(office, '依頼先', world.group.displayName);
  await pick(office, '市区町村', '新宿区');
  await office.getByLabel('18〜64歳').fill('1');
  await office.getByLabel('3〜5歳').fill('2');
  await office.getByLabel('小麦').check();
  await judge(office, 'registers-request-new');
  await button(office, '依頼する').click();
  await office.getByText(`${world.group.displayName} の返事待ち`).waitFor();
  const request = `supportRequests/${office.url().split('/').at(-1)}`;
  const now = () => callAs(office, 'support', 'GetSupportRequest', { name: request });
  assert.equal((await now()).responsible, city.name, 'who asked is responsible until somebody acknowledges');

  const phone = group.page;
  await home(phone);
  await phone.getByRole('link', { name: (await now()).code }).click();
  await button(phone, 'この依頼を引き受ける').click();
  await phone.getByRole('dialog').getByRole('button', { name: 'この依頼を引き受ける' }).click();
  await phone.getByText('あなたの団体が担当です。').waitFor();
  assert.equal((await now()).responsible, organisation(world.group.name));
  await button(phone, '内容を見る').click();
  await phone.getByText('小麦').waitFor();
  await judge(phone, 'registers-request-taken');
  await button(phone, '引き継ぐ').click();
  await phone.getByLabel('依頼先の種類').selectOption({ label: '中間支援組織（ネットワーク全体の窓口）' });
  await phone.getByRole('combobox', { name: '引き継ぎ先' }).click();
  await phone.getByRole('listbox').getByRole('option').first().click();
  await phone.getByRole('dialog').getByRole('button', { name: '引き継ぐ' }).click();
  await gone(phone);
  assert.equal((await now()).responsible, organisation(world.group.name), 'until the other side acknowledges');

  const desk = coordinator.page;
  await desk.goto(`${server}/#/${request.replace('supportRequests', 'support')}`);
  await button(desk, 'この依頼を引き受ける').click();
  await desk.getByRole('dialog').getByRole('button', { name: 'この依頼を引き受ける' }).click();
  await gone(desk);
  await button(desk, '準備を始める').click();
  await desk.getByRole('dialog').getByRole('button', { name: '実行する' }).click();
  await gone(desk);
  await button(desk, '渡した食品を記録する').click();
  await desk.getByLabel('在庫から新しく出庫する').check();
  await pick(desk, '受け取る団体', world.group.displayName);
  await pick(desk, '食品', lot.code);
  await desk.getByLabel('充てた点数').fill('6');
  await judge(desk, 'registers-fulfil');
  await button(desk, '出庫して記録する').click();
  await gone(desk);
  await button(desk, '完了にする').click();
  await desk.getByRole('dialog').getByLabel(/世帯/).fill('1');
  await desk.getByRole('dialog').getByRole('button', { name: '完了にする' }).click();
  await gone(desk);
  await desk.getByRole('region', { name: '引き継ぎ簿' }).getByText('完了', { exact: true }).waitFor();
  await judge(desk, 'registers-request-done');
  assert.equal((await now()).state, 'SUPPORT_STATE_DONE');
  const [balance] = (await world.do('stock', 'ListBalances', { lot: lot.name, place: world.shelf['A-01'] })).balances;
  assert.equal(balance.onHand, '42', 'it was issued like any other');
  const { looks } = await callAs(desk, 'support', 'ListLooks', { resource: request, pageSize: 50 });
  assert.ok(looks.some((look) => look.organisation === organisation(world.group.name)), 'the look of the group is on record');
  assert.deepEqual(partner.complaints, []);
  await partner.context.close();
});

walk('an agreement gets a new version with its paper', async () => {
  const desk = coordinator.page;
  await desk.goto(`${server}/#/${world.donor.name}`);
  await desk.getByRole('link', { name: '合意書', exact: true }).click();
  await button(desk, '改定する').click();
  await desk.getByLabel('引渡し時に残るべき日数').fill('45');
  await desk.getByLabel(/回収のときの連絡先/).fill('品質保証室 03-0000-0000');
  await judge(desk, 'registers-agreement-revise');
  await button(desk, '改定を登録する').click();
  await gone(desk);
  const newest = desk.getByRole('listitem').filter({ has: desk.getByRole('heading', { name: /^第2版/ }) });
  await newest.getByText('品質保証室').waitFor();
  const paper = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n');
  await newest.getByRole('button', { name: '書類（PDF）を追加' }).click();
  await newest.locator('input[type=file]').setInputFiles({ name: '合意書.pdf', mimeType: 'application/pdf', buffer: paper });
  await newest.getByRole('button', { name: 'この書類を追加する' }).click();
  await newest.getByText('合意書.pdf').first().waitFor();
  await judge(desk, 'registers-agreement');
  const { versions } = await world.do('donors.agreements', 'ListAgreementVersions', { name: (await world.do('donors', 'GetDonor', { name: world.donor.name })).agreements[0].name });
  assert.deepEqual(versions.map(({ version, conditions }) => [version, conditions.minRemainingDays ?? 0]), [[2, 45], [1, 0]]);
  assert.equal(versions[0].documents[0].sha256, createHash('sha256').update(paper).digest('hex'));
  assert.equal(versions[1].documents?.length ?? 0, 0, 'the version before keeps what it had');
});

walk('of a list in Shift_JIS with a bad cell the good rows are taken in, and again without doubles', async () => {
  const desk = coordinator.page;
  const code = (n) => `T${world.code}${n}`;
  const { content } = await world.do('donors', 'GetImportTemplate', { table: 'donors', format: 'TABLE_FORMAT_CSV_SHIFT_JIS', language: 'ja' });
  assert.ok(content.length > 0);
  // 会社 in Shift_JIS; the rest is ASCII.
  const company = (n) => Buffer.concat([Buffer.from([0x89, 0xef, 0x8e, 0xd0]), Buffer.from(String(n))]);
  const rows = [[1, '13104'], [2, '99999'], [3, '13104']].map(([n, place]) => Buffer.concat([Buffer.from(`${code(n)},`), company(n), Buffer.from(`,${place},paper,2026-01-01\r\n`)]));
  const list = Buffer.concat([Buffer.from('code,name,municipality_code,agreement_title,agreement_from\r\n'), ...rows]);
  const take = async () => {
    await desk.goto(`${server}/#/`);
    await desk.goto(`${server}/#/import?kind=donors`);
    await desk.locator('input[type=file]').setInputFiles({ name: 'list.csv', mimeType: 'text/csv', buffer: list });
    await desk.getByText('list.csv（3行').waitFor();
    await button(desk, '確かめる').click();
    await desk.getByText('直す所が1か所あります。').first().waitFor();
  };
  await take();
  assert.equal(await desk.getByLabel('3行目の市区町村コード', { exact: true }).getAttribute('aria-invalid'), 'true');
  await judge(desk, 'registers-import');
  await desk.getByRole('button', { name: /^問題のない2行だけ/ }).click();
  await desk.getByRole('status').filter({ hasText: '2' }).first().waitFor();
  // The search finds what is written nearly so, too.
  const mine = async () =>
    (await all('donors', 'ListDonors', 'donors', { query: `T${world.code}` })).filter((one) => one.code.startsWith(`T${world.code}`)).map((one) => [one.code, one.displayName]);
  await until(async () => (await mine()).length === 2, 'two donors');
  assert.deepEqual((await mine()).sort(), [[code(1), '会社1'], [code(3), '会社3']]);
  await take();
  assert.equal((await mine()).length, 2, 'no doubles');
});
