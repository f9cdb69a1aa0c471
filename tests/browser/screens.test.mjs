// Every page of the app, as whoever uses it: in both languages, on a phone and at a desk. Pictures for people to look at; nothing that keeps
// somebody out (axe), nothing on the console, nothing wider than the screen, no error box. The list is held against the app's own routes.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { barriers, call, launch, open, screenshot, server, settled } from './connection.mjs';
import { Camera } from './camera.mjs';
import { World } from './world.mjs';

const phoneSize = { width: 360, height: 780 };
const deskSize = { width: 1280, height: 900 };

/** Who opens which addresses. ":name" is filled in with something of this test's own. */
const pages = {
  '': ['/apply', '/join', '/practice', '/campaign/:code', '/campaign/:code/receipt', '/stop-emails/:token'],
  ROLE_VOLUNTEER: ['/', '/in', '/out', '/out/:delivery', '/move', '/send', '/arrive', '/count', '/discard', '/look', '/actions', '/ready', '/lots', '/lots/:lot', '/account'],
  ROLE_WAREHOUSE_MANAGER: ['/', '/out/free', '/stocktakes', '/stocktakes/:stocktake', '/transfers', '/transfers/:transfer'],
  ROLE_COORDINATOR: [
    '/', '/offers', '/offers/new', '/offers/:offer', '/stock', '/alerts', '/runs', '/runs/new', '/runs/:run',
    ...['groups', 'lots', 'lines', 'map', 'exclusions', 'whatif', 'answers', 'check'].map((view) => `/runs/:run?view=${view}`),
    '/runs/:run/groups/:group', '/deliveries', '/deliveries/:delivery', '/recalls', '/recalls/:recall', '/groups', '/groups/:group',
    '/groups/:group/profile', '/donors', '/donors/:donor', '/donors/:donor/profile', '/donor/new/:donor', '/agreements', '/agreements/:kind/:donor/:agreement',
    '/broadcasts', '/broadcasts/new', '/broadcasts/new/:offer/:line', '/broadcasts/:broadcast', '/standing', '/products', '/products/:product', '/warehouses', '/warehouses/:warehouse',
    '/rules', '/import', '/take-along', '/figures', '/figures/records', '/shares',
    '/search', '/needs', '/applications', '/applications/:group', '/reviews', '/surveys', '/surveys/:survey', '/directory-rules',
    '/campaigns', '/campaigns/new', '/campaigns/:campaign', '/support-figures',
  ],
  ROLE_DONOR: ['/', '/donor/offers', '/donor/new', '/donor/upload', '/donor/offers/:offer', '/donor/offers/:draft/edit', '/donor/offers/:offer/copy', '/donor/report', '/donor/agreement', '/donor/standing', '/donor/standing/new', '/donor/standing/:standing'],
  ROLE_GROUP: ['/', '/group/needs', '/group/confirm', '/group/surveys', '/group/surveys/:survey', '/group/choose', '/group/received', '/group/profile', '/group/scan', '/group/hub', '/group/after', '/group/why', '/group/why/:run/:group', '/group/agreement', '/group/questions', '/group/questions/:broadcast'],
  ROLE_PARTNER: ['/', '/support', '/support/new', '/support/:request', '/support/:request/edit'],
  ROLE_AUDITOR: ['/', '/figures?by=prefecture', '/figures?by=flow', '/ledger', '/ledger/:position', '/replays'],
  ROLE_ADMINISTRATOR: ['/', '/people', '/people/:person', '/devices', '/api-keys', '/organisations', '/support-settings', '/notices', '/notices/settings', '/admin/notifications'],
};
/** Seen in the dark as well. */
const dark = ['/', '/in', '/stock', '/runs/:run', '/ledger', '/group/profile', '/donor/new', '/people'];

/** The addresses that the app's rooms list. */
function routes() {
  const source = new URL('../../mobile_api/web/src/', import.meta.url);
  const files = ['routes.ts', ...readdirSync(source, { withFileTypes: true }).filter((one) => one.isDirectory()).map((one) => `${one.name}/routes.ts`)];
  return files.flatMap((file) => {
    try {
      return [...readFileSync(new URL(file, source), 'utf8').matchAll(/path: '([^']+)'/g)].map(([, path]) => path);
    } catch {
      return [];
    }
  });
}
const shape = (path) => path.replace(/\?.*/, '').replace(/:\w+/g, ':');

test('no address of the app is left out', () => {
  // Behind a code that only an e-mail has; and a round of choices, which the example network does not open.
  const seen = new Set([...Object.values(pages).flat(), '/apply/:code', '/group/choose/:run', '/runs/:run/choose/:group'].map(shape));
  assert.deepEqual(routes().filter((path) => !seen.has(shape(path))), []);
});

describe('every screen', { skip: server ? false : 'KUBARI_SERVER is not set: no running installation to look at' }, () => {
  let browser;
  let camera;
  let world;
  const names = {};
  before(async () => {
    camera = new Camera();
    browser = await launch(camera.flags);
    world = await World.make('がめん');
    const [rice, tea] = [await world.product('がめんごはん'), await world.product('がめん茶', { itemsPerCase: '24' })];
    const offer = await world.expect(rice, 10);
    const { lot } = await world.do('stock', 'ReceiveStock', { requestId: randomUUID(), place: world.shelf['A-01'], offerLine: offer.lines[0].name, items: '60' });
    const ofTea = await world.stock(tea, 48, { date: '2027-03' });
    const delivery = await world.allocate();
    const [run] = (await world.do('allocation', 'ListRuns', { pageSize: 1 })).runs;
    const { deliveries } = await world.do('stock', 'ListDeliveries', { pageSize: 1 });
    const draft = await world.do('donors', 'CreateOffer', {
      requestId: randomUUID(),
      offer: { donor: world.donor.name, title: '書きかけ', readyDate: '2027-01-15', lines: [{ product: rice.name, cases: '3', itemsPerCase: '12', temperatureZone: 'TEMPERATURE_ZONE_AMBIENT', goodUntil: { kind: 'DATE_KIND_BEST_BEFORE', date: '2027-09' } }] },
    });
    const stocktake = await world.do('stock.stocktakes', 'OpenStocktake', { requestId: randomUUID(), stocktakeId: randomUUID(), title: 'がめんの棚卸', warehouse: world.warehouse.name });
    const spare = await world.product('がめんの予備');
    const ofSpare = await world.stock(spare, 24);
    const elsewhere = (await world.do('stock', 'ListWarehouses', { pageSize: 50 })).warehouses.find(({ name }) => name !== world.warehouse.name);
    const { transfer } = await world.do('stock', 'SendTransfer', {
      requestId: randomUUID(),
      transferId: randomUUID(),
      toWarehouse: elsewhere.name,
      goods: [{ lot: ofSpare.name, place: world.shelf['A-01'], items: '6' }],
    });
    const recall = await world.do('stock.recalls', 'OpenRecall', { requestId: randomUUID(), recallId: randomUUID(), title: 'がめんの訓練', message: '訓練です', goods: { lots: [ofSpare.name] }, drill: true });
    const city = await call('identity', 'CreateOrganisation', { requestId: randomUUID(), kind: 'ORGANISATION_KIND_PARTNER', displayName: 'がめん市役所' });
    const support = await world.askForSupport(city.name);
    const campaign = await world.campaign();
    const [signed] = (await world.do('donors.agreements', 'ListAgreements', { party: world.donor.name })).agreements;
    const standing = await world.do('donors.standingOffers', 'CreateStandingOffer', {
      requestId: randomUUID(),
      standingOffer: { donor: world.donor.name, title: '毎週のごはん', weekday: 'WEEKDAY_FRIDAY', leadDays: 3, fromDate: '2027-01-15', lines: [{ product: rice.name, cases: '2', itemsPerCase: '12', dateKind: 'DATE_KIND_BEST_BEFORE', goodForDays: 90 }] },
    });
    const broadcast = await world.do('donors.broadcasts', 'CreateBroadcast', {
      requestId: randomUUID(),
      broadcast: { product: rice.name, cases: '5', itemsPerCase: '12', goodUntil: { kind: 'DATE_KIND_NONE' }, text: '少し固めのごはんです', answerUntilTime: new Date(Date.now() + 3 * 86_400_000).toISOString(), audience: { groups: [world.group.name] } },
    });
    const survey = await world.do('groups.surveys', 'CreateSurvey', {
      requestId: randomUUID(),
      survey: { title: 'がめんの調査', sections: ['SECTION_PEOPLE', 'SECTION_ISSUES'], untilDate: new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10), groups: [world.group.name] },
    });
    await world.do('groups.needs', 'CreateNeed', { requestId: randomUUID(), need: { group: world.group.name, text: 'おむつ Lサイズ', quantity: '10', category: 'FOOD_CATEGORY_NON_FOOD' } });
    const people = await call('identity', 'ListPeople', { pageSize: 1 });
    Object.assign(names, {
      kind: 'donors', agreement: signed.agreement.name, line: offer.lines[0].name, standing: standing.name, broadcast: broadcast.name,
      lot: lot.code, offer: offer.name, draft: draft.name, run: run.name, group: world.group.name, donor: world.donor.name, product: tea.name, warehouse: world.warehouse.name,
      delivery: deliveries[0].name, pick: delivery.delivery, stocktake: stocktake.name, transfer: transfer.name, recall: recall.name, person: people.people[0].name, position: '3', token: 'AB-_9', request: support.name, campaign: campaign.name, code: campaign.code, survey: survey.name, partner: city.name,
    });
    void ofTea;
  });
  after(async () => {
    await browser?.close();
    camera?.remove();
  });

  const organisations = {
    ROLE_DONOR: () => world.donor.name.replace('donors/', 'organisations/'),
    ROLE_GROUP: () => world.group.name.replace('groups/', 'organisations/'),
    ROLE_PARTNER: () => names.partner,
    ROLE_COORDINATOR: () => world.intermediary,
    ROLE_AUDITOR: () => world.intermediary,
    ROLE_ADMINISTRATOR: () => world.intermediary,
  };
  const address = (path) => path.replace(/:(\w+)/g, (_, name) => (path.startsWith('/out/') ? names.pick : names[name]).split('/').at(-1));
  const fileName = (role, path) => `${role.slice(5).toLowerCase() || 'open'}${path.replace(/[:?=]/g, '').replaceAll('/', '-')}`.replace(/-$/, '-home');

  for (const [role, paths] of Object.entries(pages)) {
    test(role || 'signed out', async () => {
      const window = role ? await world.signIn(browser, role, { organisation: organisations[role]?.() }) : await open(browser);
      const { context, page, complaints } = window;
      const wrong = [];
      async function judge(path, name, judged) {
        await settled(page);
        await screenshot(page, `screen-${name}`);
        const width = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (width > 0) wrong.push(`${name}: ${width} points wider than the screen`);
        if (judged) wrong.push(...(await barriers(page)).map((one) => `${name}: ${one}`));
        const alerts = await page.locator('main [role=alert]').allInnerTexts();
        if (alerts.length > 0) wrong.push(`${name}: ${alerts.join(' | ')}`);
        wrong.push(...complaints.splice(0).map((one) => `${name}: ${one}`));
      }
      for (const path of paths) {
        const name = fileName(role, path);
        try {
          await page.setViewportSize(deskSize);
          await page.goto(`${server}/#${address(path)}`);
          await judge(path, `${name}-ja`, true);
          await page.setViewportSize(phoneSize);
          await judge(path, `${name}-ja-phone`, false);
          await page.getByRole('banner').getByRole('button', { name: 'English' }).click();
          await judge(path, `${name}-en-phone`, true);
          if (dark.includes(path)) {
            await page.emulateMedia({ colorScheme: 'dark' });
            await judge(path, `${name}-en-phone-dark`, true);
            await page.emulateMedia({ colorScheme: 'light' });
          }
          await page.setViewportSize(deskSize);
          await judge(path, `${name}-en`, false);
          await page.getByRole('banner').getByRole('button', { name: '日本語' }).click();
        } catch (error) {
          wrong.push(`${name}: ${error.message.split('\n').slice(0, 4).join(' ')}`);
          await screenshot(page, `screen-${name}-failed`);
          await page.evaluate(() => localStorage.removeItem('kubari.language')).catch(() => {});
          await page.reload();
        }
      }
      assert.deepEqual(wrong, []);
      await context.close();
    });
  }
});
