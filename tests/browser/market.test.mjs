// Groups choose for themselves, on screens alone: a round of claims and one of sealed bids, with two groups on phones and a coordinator at a desk;
// then what comes by a hub is handed on. What the screens say is compared with what the RPCs answer.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { callAs, judge as judged, launch, screenshot, server, settled } from './connection.mjs';
import { day, until, World } from './world.mjs';

const button = (page, name) => page.getByRole('button', { name });
const dialog = (page) => page.getByRole('dialog');
/** The card of a product on a page, or in a part of it. */
const card = (within, name) => within.getByRole('listitem').filter({ has: (within.page?.() ?? within).getByRole('heading', { name, exact: true }) });
const organisation = (group) => group.name.replace('groups/', 'organisations/');

describe('groups choose for themselves', { skip: server ? false : 'KUBARI_SERVER is not set: no running installation to work with' }, () => {
  let browser;
  let world;
  let other;
  let donor;
  const everyone = {};
  before(async () => {
    browser = await launch();
    world = await World.make('えらぶ');
    other = await world.another('文庫', { hub: world.group.name });
    donor = await world.offering([world.group, other], { onwardTransferAllowed: true });
    const windows = await Promise.all([
      world.signIn(browser, 'ROLE_COORDINATOR', { organisation: world.intermediary }),
      world.signIn(browser, 'ROLE_GROUP', { organisation: organisation(world.group), phone: true }),
      world.signIn(browser, 'ROLE_GROUP', { organisation: organisation(other), phone: true }),
      world.signIn(browser, 'ROLE_AUDITOR', { organisation: world.intermediary }),
    ]);
    for (const [index, name] of ['coordinator', 'first', 'second', 'auditor'].entries()) everyone[name] = windows[index];
  });
  after(async () => {
    await browser?.close();
  });

  /** A test that leaves pictures of what everybody saw when it went wrong. */
  function walks(name, walk) {
    test(name, async () => {
      const pages = Object.fromEntries(Object.entries(everyone).map(([who, { page }]) => [who, page]));
      try {
        await walk(pages);
      } catch (error) {
        for (const [who, page] of Object.entries(pages)) await screenshot(page, `market-failed-${who}`);
        throw error;
      }
      for (const { complaints } of Object.values(everyone)) assert.deepEqual(complaints.splice(0), []);
    });
  }
  const judge = (page, name) => judged(page, `market-${name}`);
  const give = (product, items, { more = {}, ...options } = {}) => world.stock(product, items, { ...options, more: { donor: donor.name, ...more } });

  /** The coordinator makes a run with the policy and publishes it: its name. */
  async function publish(page, title, policy, { warehouse = world.warehouse, more = async () => {} } = {}) {
    await page.goto(`${server}/#/runs/new`);
    await page.getByLabel('名前').fill(title);
    await page.getByRole('checkbox', { name: warehouse.displayName }).check();
    await page.getByRole('radio', { name: policy }).check();
    await more();
    await button(page, '案を作る').click();
    await page.getByRole('heading', { level: 1, name: title }).waitFor();
    await button(page, '公開する').click();
    await dialog(page).getByRole('button', { name: '公開する' }).click();
    await dialog(page).waitFor({ state: 'detached' });
    await page.getByText('公開済み').first().waitFor();
    return `runs/${new URL(page.url()).hash.split('/')[2].split('?')[0]}`;
  }
  async function close(page, run) {
    await page.goto(`${server}/#/${run}?view=market`);
    await button(page, 'いま締め切る').click();
    await dialog(page).getByRole('button', { name: 'いま締め切る' }).click();
    await dialog(page).waitFor({ state: 'detached' });
    await page.getByText('受付終了').first().waitFor();
  }
  const choose = (run) => `${server}/#/group/choose/${run.split('/')[1]}`;
  const linesOf = async (run, group) => (await world.do('allocation', 'ListLines', { run, group: group.name })).lines ?? [];

  walks('claims: first come, with a cap that urgent food goes beyond', async ({ coordinator, first, second }) => {
    const rice = await world.product('えらぶ米');
    const milk = await world.product('えらぶ豆乳', { category: 'FOOD_CATEGORY_DRINK' });
    await give(rice, 240);
    await give(milk, 48, { date: day(6) });
    const run = await publish(coordinator, `${world.title}の早い者順`, /早い者順/, { more: () => judge(coordinator, 'claims-new') });

    // The first group finds the round on its first page, and claims one case, then as many as it may.
    await first.reload();
    await first.getByRole('link', { name: `${world.title}の早い者順` }).click();
    const food = card(first, 'えらぶ米');
    await button(food, /12点を申し込む/).click();
    await first.getByText('「えらぶ米」12点を確保しました。').waitFor();
    const more = button(food, '増やす');
    while (await more.isEnabled()) await more.click();
    await button(food, /を申し込む/).click();
    await food.getByText(/^いまは申し込めません/).waitFor();
    await judge(first, 'claims-cap');
    const { standing } = await callAs(first, 'allocation.market', 'GetMarket', { run, group: world.group.name });
    assert.ok(Number(standing.claimedMilliPersonDays) <= Number(standing.capMilliPersonDays));
    // Urgent food goes beyond it.
    const urgent = card(first, 'えらぶ豆乳');
    await urgent.getByText('期限が近い').waitFor();
    await button(urgent, /12点を申し込む/).click();
    await first.getByText('「えらぶ豆乳」12点を確保しました。').waitFor();

    // What it took back is free for the second at once.
    const mine = first.getByRole('region', { name: 'この団体の分' });
    await button(mine, '取り消す えらぶ米').first().click();
    await dialog(first).getByRole('button', { name: '取り消す' }).click();
    await first.getByText('取り消しました。').waitFor();
    await second.goto(choose(run));
    const { stock } = await callAs(second, 'allocation.market', 'ListMarketStock', { run, group: other.name });
    const free = Number(stock.find(({ lotCode, productDisplayName }) => productDisplayName === 'えらぶ米' && lotCode).freeItems);
    await card(second, 'えらぶ米').getByText(`${free}点`).first().waitFor();
    await screenshot(second, 'market-claims-second');

    // The second telephones: the coordinator claims for it.
    await coordinator.goto(`${server}/#/${run}?view=market`);
    await coordinator.getByRole('combobox', { name: '団体' }).fill(other.displayName);
    await coordinator.getByRole('option', { name: new RegExp(other.displayName) }).click();
    await judge(coordinator, 'claims-open');
    await button(coordinator, '開く').click();
    await coordinator.getByText(`${other.displayName}の画面です。`).waitFor();
    await button(card(coordinator, 'えらぶ米'), /12点を申し込む/).click();
    await coordinator.getByText('「えらぶ米」12点を確保しました。').waitFor();
    await judge(coordinator, 'claims-for-group');

    // Claims are reserved, and to be picked: one delivery to the hub, with the lines of both.
    const { deliveries } = await world.do('allocation', 'GetPickList', { warehouse: world.warehouse.name });
    assert.deepEqual(deliveries.map(({ group }) => group), [world.group.name]);
    assert.deepEqual(new Set(deliveries[0].lines.map(({ group }) => group)), new Set([world.group.name, other.name]));

    // Closed: what is urgent and left goes out by fair share.
    await close(coordinator, run);
    await judge(coordinator, 'claims-closed');
    await coordinator.getByRole('link', { name: '明細' }).click();
    await coordinator.getByRole('columnheader', { name: '申込みの順番' }).waitFor();
    await judge(coordinator, 'claims-lines');
    await until(async () => (await world.do('allocation', 'ListRuns', { followUpOf: run })).runs?.length === 1, 'what is left is offered again');
    await first.reload();
    await first.getByText('受付終了').first().waitFor();
    await screenshot(first, 'market-claims-over');
    const claimed = await linesOf(run, world.group);
    assert.deepEqual(claimed.filter(({ state }) => state === 'LINE_STATE_ACCEPTED').length, await mine.getByText('受け取り予定').count());
  });

  walks('sealed bids: changed, withdrawn, joint, below zero; prices when it closes', async ({ coordinator, first, second }) => {
    const jam = await world.product('えらぶジャム');
    const flour = await world.product('えらぶ小麦粉');
    const tin = await world.product('えらぶ缶パン');
    const lots = { jam: await give(jam, 36), flour: await give(flour, 60), tin: await give(tin, 24) };
    const title = `${world.title}の入札`;
    const run = await publish(coordinator, title, /ポイント入札/, { more: async () => {
      await coordinator.getByText('くわしい条件').click();
      const lowest = coordinator.getByRole('group', { name: '最低価格' });
      await lowest.getByRole('button', { name: /^足す/ }).click();
      await lowest.getByRole('combobox', { name: 'ロット' }).fill('えらぶ缶パン');
      await lowest.getByRole('option', { name: new RegExp(lots.tin.code) }).click();
      await lowest.getByLabel('1ケースの最低ポイント').fill('-2');
      await judge(coordinator, 'bids-new');
    } });
    // A bid as a person makes it; how many cases is pressed, one by one.
    async function bid(page, product, cases, price, { parties = 1, change = false } = {}) {
      const food = page.getByRole('region', { name: 'この団体が選べるもの' });
      await button(card(food, product), change ? /^入札を変える/ : /^入札する/).click();
      await dialog(page).getByText(change ? /ケース数/ : 'ケース数').first().waitFor();
      const count = dialog(page).getByRole('group', { name: 'ケース数' });
      for (let have = Number(await count.locator('[aria-live]').innerText()); have !== cases; have += have < cases ? 1 : -1) await button(count, have < cases ? '増やす' : '減らす').click();
      await dialog(page).getByLabel('1ケースのポイント').fill(String(price));
      if (parties > 1) await dialog(page).getByLabel('いっしょに入札する団体の数').fill(String(parties));
      if (!change && parties > 1) await judge(page, 'bids-form');
      await button(dialog(page), 'この内容で入札する').click();
      await dialog(page).waitFor({ state: 'detached' });
    }

    await first.goto(choose(run));
    await bid(first, 'えらぶジャム', 2, 5);
    await first.getByText('入札しました。').waitFor();
    await bid(first, 'えらぶジャム', 3, 6, { change: true });
    await first.getByText('入札を変えました。').waitFor();
    await bid(first, 'えらぶ缶パン', 1, -1);
    // Taken back, and placed again.
    const bids = first.getByRole('region', { name: 'この団体の入札' });
    await button(bids, '取り下げる えらぶ缶パン').click();
    await dialog(first).getByRole('button', { name: '取り下げる' }).click();
    await first.getByText('取り下げました。').waitFor();
    await bid(first, 'えらぶ缶パン', 2, -1.5);
    await bid(first, 'えらぶ小麦粉', 2, 3, { parties: 2 });
    const code = await bids.locator('.code').innerText();
    assert.match(code, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    await judge(first, 'bids-first');
    // What is in bids is said on the list of rounds and at home; a price below zero binds nothing.
    for (const place of ['/group/choose', '/']) {
      await first.goto(`${server}/#${place}`);
      const round = first.getByRole('listitem').filter({ hasText: title });
      await round.getByText('入札中：3件（合わせて24ポイント）').waitFor();
      await judge(first, `bids-card${place.replaceAll('/', '-')}`);
    }
    await first.goto(choose(run));

    // The second joins by the code, and bids for the same jam, with less.
    await second.goto(choose(run));
    await button(second, '番号で共同入札に参加する').click();
    await dialog(second).getByLabel(/^番号/).fill(code.toLowerCase());
    await dialog(second).getByLabel('ケース数').fill('2');
    await dialog(second).getByLabel('1ケースのポイント').fill('2.5');
    await judge(second, 'bids-join');
    await button(dialog(second), '参加する').click();
    await second.getByText('2団体がそろいました').waitFor();
    await bid(second, 'えらぶジャム', 2, 4);
    await screenshot(second, 'market-bids-second');
    // Nobody sees another's bid, the coordinator a count.
    assert.equal(await second.getByText('3ケース × 6ポイント').count(), 0);
    await coordinator.goto(`${server}/#/${run}?view=market`);
    await until(async () => (await coordinator.locator('.facts').last().innerText()).includes('4'), 'the coordinator sees the count', 30);
    await judge(coordinator, 'bids-open');
    await coordinator.getByRole('combobox', { name: '団体' }).fill(world.group.displayName);
    await coordinator.getByRole('option', { name: new RegExp(world.group.displayName) }).click();
    await button(coordinator, '開く').click();
    await coordinator.getByText('入札は団体だけができ').waitFor();
    assert.equal(await coordinator.getByText('ケース × ').count(), 0);
    await judge(coordinator, 'bids-for-group');

    await close(coordinator, run);
    await coordinator.getByRole('table', { name: '落札の結果' }).getByText(lots.jam.code).waitFor();
    await coordinator.getByRole('table', { name: '入札のすべて' }).waitFor();
    await judge(coordinator, 'bids-closed');
    await first.reload();
    await first.getByText('3ケースを落札').waitFor();
    await second.reload();
    await second.getByText('落札できませんでした').waitFor();
    await judge(first, 'bids-won');
    await screenshot(second, 'market-bids-lost');
    const won = (await linesOf(run, world.group)).map(({ productDisplayName, items, milliSharesPerCase }) => [productDisplayName, Number(items), Number(milliSharesPerCase ?? 0)]);
    assert.deepEqual(won.sort(), [['えらぶジャム', 36, 6000], ['えらぶ小麦粉', 24, 3000], ['えらぶ缶パン', 24, -1500]]);

    // What was won is paid; what is hard to place is paid for once it has arrived.
    await first.goto(`${server}/#/group/choose`);
    const account = first.getByRole('region', { name: 'ポイントの明細' });
    await account.getByText('えらぶジャム').waitFor();
    const { entries } = await callAs(first, 'allocation.market', 'ListShareEntries', { group: world.group.name });
    assert.deepEqual(entries.map(({ milliShares }) => Number(milliShares)).filter((value) => value < 0).sort((a, b) => a - b), [-18000, -6000]);
    await judge(first, 'bids-account');
    await coordinator.goto(`${server}/#/shares`);
    await settled(coordinator);
    await judge(coordinator, 'bids-shares');
  });

  walks('fair share by a hub: accepted in part, refused, shipped, handed on, replayed', async ({ coordinator, first, second, auditor }) => {
    const noodles = await world.product('えらぶ麺');
    // Nothing else stands there, and it is more than what the two had so far: both get of it.
    const { warehouse, shelf } = await world.store('分室');
    await give(noodles, 600, { more: { place: shelf } });
    const run = await publish(coordinator, `${world.title}の配分`, /公平に分ける/, { warehouse });
    await coordinator.getByRole('link', { name: 'まとめ' }).click();
    await coordinator.getByRole('row').filter({ hasText: '拠点（1か所）を通る分' }).waitFor();
    await judge(coordinator, 'hub-summary');

    // The hub takes all of its own, the group around it a part.
    await first.goto(`${server}/#/`);
    await first.reload();
    await button(first, '全部受け取る えらぶ麺').click();
    await first.getByText('受け取ると伝えました。').waitFor();
    await second.goto(`${server}/#/`);
    await second.reload();
    await button(second, '一部だけ えらぶ麺').click();
    await judge(second, 'hub-part');
    await dialog(second).getByLabel(/^受け取る数/).fill('24');
    await button(dialog(second), /受け取る/).click();
    await second.getByText('受け取ると伝えました。').waitFor();
    await screenshot(second, 'market-hub-accepted');

    // The warehouse ships both in one delivery; the hub confirms it.
    const { deliveries } = await world.do('allocation', 'GetPickList', { warehouse: warehouse.name });
    const picked = deliveries.flatMap(({ lines }) => lines);
    assert.equal(picked.length, 2);
    for (const { reservation, items } of picked) await world.do('stock', 'IssueStock', { requestId: randomUUID(), reservation, items });
    await first.goto(`${server}/#/group/hub`);
    await first.getByRole('heading', { level: 2, name: other.displayName }).waitFor();
    await judge(first, 'hub-coming');
    await world.do('stock', 'ConfirmReceipt', { requestId: randomUUID(), delivery: picked[0].delivery });
    const line = async () => (await linesOf(run, other))[0];
    await until(async () => (await line()).state === 'LINE_STATE_AT_HUB', 'the goods are at the hub');
    await first.reload();
    const hand = button(first, new RegExp(`^${other.displayName}に渡した`));
    await hand.waitFor();
    await judge(first, 'hub-here');
    await hand.click();
    await first.getByText(`${other.displayName}に渡した記録をしました。`).waitFor();
    await until(async () => (await line()).state === 'LINE_STATE_HANDED_ON', 'the goods are handed on');

    // The group confirms; its line has reached its end.
    await second.reload();
    await button(second, /全部届いた/).first().click();
    await until(async () => (await line()).state === 'LINE_STATE_CONFIRMED', 'the group has confirmed');
    await settled(second);
    await screenshot(second, 'market-hub-confirmed');
    await coordinator.goto(`${server}/#/${run}?view=answers`);
    await coordinator.getByText('受領済み').first().waitFor();
    await judge(coordinator, 'hub-answers');

    // The auditor computes it again.
    await auditor.goto(`${server}/#/${run}?view=check`);
    await button(auditor, 'もう一度計算して比べる').click();
    await auditor.getByText('同じ結果になりました。').waitFor();
    await judge(auditor, 'hub-replayed');
  });
});
