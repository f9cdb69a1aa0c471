// The directory of groups, on screens: several wrong facts at once, a survey answered by few taps and its results as files, evidence and hubs, a review,
// and the list that a municipality asks for: found, narrowed, on paper. What the screens did is compared with what the RPCs answer.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before } from 'node:test';

import { judge, launch, pick, screenshot, server } from './connection.mjs';
import { button, dialog, gone, organisation, skip, walks } from './walks.mjs';
import { day, World } from './world.mjs';

const id = randomUUID;
const sections = ['ORGANISATION', 'CONTACTS', 'ACTIVITIES', 'PEOPLE', 'SITES', 'RECEIVING', 'FOOD', 'ISSUES'];

let browser;
let world;
let other;
let coordinator;
let group;
before(async () => {
  if (skip) return;
  browser = await launch();
  world = await World.make('めいぼ');
  other = await world.another('文庫', { hub: world.group.name });
  [coordinator, group] = [
    await world.signIn(browser, 'ROLE_COORDINATOR', { organisation: world.intermediary }),
    await world.signIn(browser, 'ROLE_GROUP', { organisation: organisation(world.group.name), phone: true }),
  ];
});
after(() => browser?.close());

const walk = walks('directory', () => ({ coordinator, group }), /status of 400/);
const now = () => world.do('groups', 'GetGroup', { name: world.group.name });
async function saved(page, name) {
  const [file] = await Promise.all([page.waitForEvent('download'), button(page, name).click()]);
  return { name: file.suggestedFilename(), content: readFileSync(await file.path()) };
}

walk('wrong facts are all told at once, each beside its field and by its name; then they are saved', async () => {
  const { page } = group;
  await page.goto(`${server}/#/group/confirm`);
  await button(page, '変える 連絡先').click();
  for (const [index, phone] of ['abc', '12'].entries()) {
    await button(page, '連絡先を追加').click();
    const contact = page.getByRole('group', { name: `代表窓口 ${index + 1}` });
    await contact.getByLabel(/^窓口の名前/).fill('事務局');
    await contact.getByLabel('電話番号').fill(phone);
  }
  await button(page, '保存する').click();
  await page.getByRole('alert').getByText('直すところが2か所あります').waitFor();
  for (const [index, phone] of ['abc', '12'].entries()) await page.getByRole('group', { name: `代表窓口 ${index + 1}` }).getByText(`「${phone}」は電話番号ではありません`).waitFor();
  assert.equal(await page.getByText(/「abc」は電話番号ではありません/).count(), 1, 'told once');
  // The first of them is where the next key goes.
  assert.equal(await page.evaluate(() => document.activeElement.value), 'abc');
  await judge(page, 'directory-wrong');
  for (const index of [1, 2]) await page.getByRole('group', { name: `代表窓口 ${index}` }).getByLabel('電話番号').fill(`03-0000-000${index}`);
  await button(page, '保存する').click();
  await page.getByText('1／8 済み').waitFor();
  assert.deepEqual((await now()).contacts.map(({ phone }) => phone), ['03-0000-0001', '03-0000-0002']);

  await button(page, '変える 活動').click();
  await pick(page, '活動している市区町村', '東京都新宿区');
  await page.getByLabel('会食（こども食堂など）').check();
  await page.getByLabel('1回の食数・世帯数').fill('30');
  await page.getByLabel('学区（1行に1つ）').fill(`あおば小\n${'ん'.repeat(150)}`);
  await button(page, '保存する').click();
  await page.getByText('学区（1行に1つ）が150文字です。1〜100文字で入れてください。').waitFor();
  await page.getByLabel('学区（1行に1つ）').fill('あおば小');
  await button(page, '保存する').click();
  await page.getByText('2／8 済み').waitFor();
  const { areas, activities } = await now();
  assert.deepEqual([areas, activities[0].mealsPerSession], [['13104'], 30]);
});

walk('a survey of all parts takes two taps where nothing changed; the office reads and takes along what was said', async () => {
  const survey = await world.do('groups.surveys', 'CreateSurvey', {
    requestId: id(),
    survey: { title: `${world.title}の年次調査`, sections: sections.map((one) => `SECTION_${one}`), untilDate: day(7), groups: [world.group.name, other.name] },
  });
  const { page } = group;
  let taps = 0;
  await page.goto(`${server}/#/`);
  await page.reload();
  await page.getByRole('link', { name: `答える ${survey.title}` }).click();
  taps++;
  // Last time's answers stand there.
  await page.getByText('活動している市区町村: 東京都新宿区').waitFor();
  await page.getByText('0／8 済み').waitFor();
  await judge(page, 'directory-survey');
  await button(page, '残りの8項目も、すべて変わりなし').click();
  taps++;
  await page.getByText('すべて確認できました').waitFor();
  assert.equal(taps, 2);
  assert.equal((await now()).confirmations.length, 8);

  const desk = coordinator.page;
  await desk.goto(`${server}/#/${survey.name}`);
  await desk.getByText('1／2 団体が回答').waitFor();
  await button(desk, 'まだの団体に知らせる').click();
  await desk.getByText('1 団体に知らせました。').waitFor();
  await judge(desk, 'directory-survey-answers');
  const csv = await saved(desk, 'CSVで保存');
  assert.match(csv.name, /\.csv$/);
  const row = csv.content.toString('utf8').split('\r\n').find((one) => one.includes(world.group.displayName));
  for (const part of ['回答済み', '東京都新宿区', '会食（こども食堂など）', 'あおば小', '03-0000-0001', '支援している世帯数（ふつうの月）: 40']) assert.ok(row.includes(part), `${part} in ${row}`);
  const excel = await saved(desk, 'Excelで保存');
  assert.equal(excel.content.subarray(0, 2).toString(), 'PK');
  await desk.getByLabel(/^回答の状況/).selectOption({ label: '途中' });
  await desk.getByText(/^条件に合うものはありません/).waitFor();
});

walk('evidence that ends is seen by both sides; a group that is its own hub by a detour is refused, at the field', async () => {
  const desk = coordinator.page;
  await desk.goto(`${server}/#/${world.group.name}`);
  await button(desk, '拠点・重み・証明を変更').click();
  const dialog = desk.getByRole('dialog');
  for (const [index, [title, from, to]] of [['食品衛生責任者', day(-1), day(20)], ['前の保険', day(-100), day(-3)]].entries()) {
    await button(dialog, '証明を足す').click();
    const evidence = dialog.getByRole('group', { name: `法令遵守の証明 ${index + 1}` });
    await evidence.getByLabel('証明の名前').fill(title);
    await evidence.getByLabel('有効期間の始め').fill(from);
    await evidence.getByLabel('有効期間の終わり').fill(to);
  }
  await pick(dialog, '拠点（小分け元）', other.displayName);
  await button(dialog, '保存する').click();
  await dialog.getByText('HUB_CYCLE').waitFor();
  assert.ok(await dialog.getByRole('alert').evaluate((box) => box.getBoundingClientRect().top >= 0 && box.getBoundingClientRect().bottom <= innerHeight), 'the refusal is in sight');
  await judge(desk, 'directory-hub');
  await dialog.getByRole('combobox', { name: '拠点（小分け元）' }).fill('');
  await button(dialog, '保存する').click();
  await gone(desk);
  const evidence = desk.getByRole('table', { name: '法令遵守の証明' });
  await evidence.getByRole('row').filter({ hasText: '食品衛生責任者' }).getByText('あと20日').waitFor();
  await evidence.getByRole('row').filter({ hasText: '前の保険' }).getByText('期限切れ').waitFor();
  await desk.getByRole('link', { name: other.displayName }).waitFor();
  await judge(desk, 'directory-group');
  assert.deepEqual((await now()).evidence.map(({ title }) => title), ['食品衛生責任者', '前の保険']);

  const { page } = group;
  await page.goto(`${server}/#/group/profile`);
  await page.getByText('あと20日').waitFor();
  await page.getByText('期限切れ').waitFor();
  await judge(page, 'directory-profile');
});

walk('the list for a municipality: found by kana, nearly, or not at all; narrowed, with its codes, as a file and on paper', async () => {
  const desk = coordinator.page;
  // Nearly: one letter is wrong.
  for (const words of [world.title, world.title.replace('めいぼ', 'メイボ'), world.title.replace('めいぼ', 'meibo'), `${world.title}食道`]) {
    await desk.goto(`${server}/#/search?q=${encodeURIComponent(words)}`);
    await desk.getByRole('link', { name: world.group.displayName }).waitFor();
  }
  await judge(desk, 'directory-search');
  await desk.goto(`${server}/#/search?q=zzqqxx`);
  await desk.getByText('「zzqqxx」は見つかりませんでした。').waitFor();
  // By keyboard: the words, then to the first that is found.
  await desk.getByRole('searchbox').fill(world.group.code);
  await desk.getByRole('link', { name: world.group.displayName }).waitFor();
  await desk.getByRole('searchbox').press('Tab');
  await desk.keyboard.press('Enter');
  await desk.getByRole('heading', { level: 1, name: world.group.displayName }).waitFor();

  await desk.goto(`${server}/#/groups?q=${encodeURIComponent(world.title)}`);
  await pick(desk, '市区町村（拠点・活動）', '東京都新宿区');
  await desk.getByLabel(/^法令遵守の証明/).selectOption({ label: '30日以内に切れる' });
  const rows = desk.getByRole('table').getByRole('row').filter({ has: desk.getByRole('link') });
  await desk.getByRole('link', { name: other.displayName }).waitFor({ state: 'detached' });
  await desk.getByRole('link', { name: world.group.displayName }).waitFor();
  assert.equal(await rows.count(), 1);
  assert.match(desk.url(), /municipality=13104/);
  await desk.reload();
  await desk.getByRole('link', { name: world.group.displayName }).waitFor();
  assert.equal(await desk.getByRole('combobox', { name: '市区町村（拠点・活動）' }).inputValue(), '東京都新宿区');
  await judge(desk, 'directory-list');
  const csv = (await saved(desk, 'CSVで保存')).content.toString('utf8').split('\r\n');
  assert.match(csv[0], /拠点の市区町村コード（JIS）/);
  for (const part of ['東京都新宿区', '13104', 'あおば小', '月に1回', '1回 30食']) assert.ok(csv[1].includes(part), `${part} in ${csv[1]}`);
  assert.equal(csv.filter(Boolean).length, 2);
  await desk.emulateMedia({ media: 'print' });
  await screenshot(desk, 'directory-paper');
  assert.equal(await button(desk, 'CSVで保存').isVisible(), false);
  await desk.emulateMedia({ media: 'screen' });
});

walk('a review that is due is recorded, and the next one has its day', async () => {
  const desk = coordinator.page;
  const before = (await now()).reviewDate;
  await desk.goto(`${server}/#/reviews?by=${before}`);
  const table = desk.getByRole('table');
  await table.getByRole('link').first().waitFor();
  await desk.goto(`${server}/#/applications/${world.group.name.split('/')[1]}`);
  await button(desk, '見直しを記録する').click();
  await desk.getByLabel('見直しで分かったこと').fill('活動の様子を見学した');
  await button(desk.getByRole('dialog'), '保存する').click();
  await gone(desk);
  await desk.getByText('活動の様子を見学した').waitFor();
  await judge(desk, 'directory-review');
  const { reviews } = await world.do('groups.applications', 'GetApplication', { group: world.group.name });
  assert.deepEqual(reviews.map(({ note }) => note), ['活動の様子を見学した']);
});
