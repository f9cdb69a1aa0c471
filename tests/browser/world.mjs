// What a test changes is its own: a warehouse, a donor and a group with agreements, products, and people who sign in. So tests may run in
// any order, again and again, beside others.
import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';

import { asKey, call, open, server } from './connection.mjs';

const id = randomUUID;

/** A number with its check digit (GS1 General Specifications 7.9). */
export function withCheckDigit(digits) {
  const sum = [...digits].reverse().reduce((all, digit, index) => all + Number(digit) * (index % 2 === 0 ? 3 : 1), 0);
  return digits + ((10 - (sum % 10)) % 10);
}

/** A JAN of the numbers set aside for demonstrations, that no other product has. */
export const newJan = () => withCheckDigit(`952${String(randomInt(1e9)).padStart(9, '0')}`);
/** The case's number of an item's: indicator digit 1. */
export const caseOf = (jan) => withCheckDigit(`1${jan.slice(0, 12)}`);

/** A day from today on, in the network's time zone: "2027-03-31". */
export const day = (days) => new Date(Date.now() + 9 * 3_600_000 + days * 86_400_000).toISOString().slice(0, 10);

const address = { municipalityCode: '13104', position: { latitudeE6: 35693800, longitudeE6: 139703500 } };
const groupFacts = { kind: 'GROUP_KIND_CAFETERIA', households: '40', sites: [{ displayName: '本部', ambientItems: '2000', chilledItems: '200', address }] };

export class World {
  /** A warehouse with shelves, a donor, a group, all with agreements in force; their names are told apart from those of other runs. */
  static async make(called) {
    const world = new World();
    const name = `${called}${randomInt(1e4)}`;
    const session = await call('identity', 'GetSession', {});
    const { key } = await call('identity', 'CreateApiKey', {
      requestId: id(),
      displayName: `${name}（試験）`,
      grant: { organisation: session.grants[0].organisation, role: 'ROLE_COORDINATOR' },
    });
    world.intermediary = session.grants[0].organisation;
    world.do = asKey(key);
    world.code = `T${String(randomInt(1e9)).padStart(9, '0')}`;
    world.title = name;
    world.operator = (await call('identity', 'CreateOrganisation', { requestId: id(), kind: 'ORGANISATION_KIND_OPERATOR', displayName: `${name}の会` })).name;
    world.warehouse = await world.do('stock', 'CreateWarehouse', {
      requestId: id(),
      warehouse: { code: world.code, displayName: `${name}倉庫`, organisation: world.operator, address },
      places: [
        { code: 'A-01', temperatureZone: 'TEMPERATURE_ZONE_AMBIENT' },
        { code: 'A-02', temperatureZone: 'TEMPERATURE_ZONE_AMBIENT' },
        { code: 'R-01', temperatureZone: 'TEMPERATURE_ZONE_CHILLED' },
      ],
    });
    const { places } = await world.do('stock', 'ListPlaces', { warehouse: world.warehouse.name });
    world.shelf = Object.fromEntries(places.map((place) => [place.code, place.name]));
    world.group = await world.do('groups', 'CreateGroup', {
      requestId: id(),
      group: { ...groupFacts, code: `G${world.code}`, displayName: `${name}食堂` },
    });
    // Only for the own group: what is allocated here takes nothing from, and gives nothing to, the example network.
    const agreement = { title: '合意書', validFromDate: '2020-01-01', conditions: { onlyGroups: [world.group.name], donorMayBeNamed: true } };
    world.donor = await world.do('donors', 'CreateDonor', { requestId: id(), donor: { code: `D${world.code}`, displayName: `${name}食品`, address } });
    await world.do('donors', 'CreateAgreement', { requestId: id(), donor: world.donor.name, agreement });
    await world.do('groups', 'CreateAgreement', { requestId: id(), group: world.group.name, agreement: { title: '合意書', validFromDate: '2020-01-01' } });
    const { etag } = await world.do('groups', 'GetGroup', { name: world.group.name });
    await world.do('groups', 'ApproveGroup', { requestId: id(), name: world.group.name, etag });
    return world;
  }

  /** Another group with an agreement in force, which may have what donors give to this world's groups: `offering` makes such a donor. */
  async another(called, more = {}) {
    const made = await this.do('groups', 'CreateGroup', {
      requestId: id(),
      group: { ...groupFacts, code: `H${randomInt(1e9)}`, displayName: `${this.title}${called}`, ...more },
    });
    await this.do('groups', 'CreateAgreement', { requestId: id(), group: made.name, agreement: { title: '合意書', validFromDate: '2020-01-01' } });
    const { etag } = await this.do('groups', 'GetGroup', { name: made.name });
    return await this.do('groups', 'ApproveGroup', { requestId: id(), name: made.name, etag });
  }

  /** Another warehouse, with one shelf. */
  async store(called) {
    const warehouse = await this.do('stock', 'CreateWarehouse', {
      requestId: id(),
      warehouse: { code: `W${randomInt(1e9)}`, displayName: `${this.title}${called}`, organisation: this.operator, address },
      places: [{ code: 'A-01', temperatureZone: 'TEMPERATURE_ZONE_AMBIENT' }],
    });
    const { places } = await this.do('stock', 'ListPlaces', { warehouse: warehouse.name });
    return { warehouse, shelf: places[0].name };
  }

  /** A donor of its own, whose goods are for these groups alone. */
  async offering(groups, conditions = {}) {
    const donor = await this.do('donors', 'CreateDonor', { requestId: id(), donor: { code: `E${randomInt(1e9)}`, displayName: `${this.title}商店`, address } });
    await this.do('donors', 'CreateAgreement', {
      requestId: id(),
      donor: donor.name,
      agreement: { title: '合意書', validFromDate: '2020-01-01', conditions: { onlyGroups: groups.map(({ name }) => name), donorMayBeNamed: true, ...conditions } },
    });
    return donor;
  }

  /** With its 13 digits as `jan`; 12 in a case unless `more` says otherwise. */
  async product(displayName, more = {}) {
    const jan = newJan();
    const made = await this.do('stock', 'CreateProduct', {
      requestId: id(),
      product: { displayName, gtin: jan, category: 'FOOD_CATEGORY_RICE', itemGrams: '200', itemsPerCase: '12', temperatureZone: 'TEMPERATURE_ZONE_AMBIENT', allergens: {}, ...more },
    });
    return { ...made, jan };
  }

  /** Goods of the donor on a shelf: the lot. */
  async stock(product, items, { date = day(200), place = 'A-01', more = {} } = {}) {
    const { lot } = await this.do('stock', 'ReceiveStock', {
      requestId: id(),
      place: this.shelf[place],
      product: product.name,
      donor: this.donor.name,
      goodUntil: { kind: 'DATE_KIND_BEST_BEFORE', date },
      items: String(items),
      ...more,
    });
    return lot;
  }

  /** An accepted offer of the donor, for this world's group alone and expected in its warehouse. */
  async expect(product, cases, { date = day(200) } = {}) {
    const offer = await this.do('donors', 'CreateOffer', {
      requestId: id(),
      offer: {
        donor: this.donor.name,
        title: `${product.displayName}の寄付`,
        readyDate: day(0),
        lines: [{ product: product.name, cases: String(cases), itemsPerCase: product.itemsPerCase, temperatureZone: product.temperatureZone, goodUntil: { kind: 'DATE_KIND_BEST_BEFORE', date } }],
      },
    });
    const submitted = await this.do('donors', 'SubmitOffer', { requestId: id(), name: offer.name, etag: offer.etag });
    return this.do('donors', 'AcceptOffer', { requestId: id(), name: offer.name, etag: submitted.etag, warehouse: this.warehouse.name });
  }

  /** What is in this warehouse for the group is allocated, published and accepted: a delivery to pick. */
  async allocate() {
    const { name: run } = await this.do('allocation', 'CreateRun', { requestId: id(), title: this.title, warehouses: [this.warehouse.name] });
    const { etag } = await this.do('allocation', 'GetRun', { name: run });
    await this.do('allocation', 'PublishRun', { requestId: id(), name: run, etag });
    await until(async () => (await this.do('allocation', 'GetRun', { name: run })).state === 'RUN_STATE_PUBLISHED', 'the run is published');
    const { lines = [] } = await this.do('allocation', 'ListLines', { run });
    for (const { name } of lines) await this.do('allocation', 'AcceptLine', { requestId: id(), name });
    const { deliveries } = await this.do('allocation', 'GetPickList', { warehouse: this.warehouse.name });
    return deliveries[0];
  }

  /** A request for food support by a partner, proposed to this world's group. */
  async askForSupport(partner) {
    const { key } = await call('identity', 'CreateApiKey', { requestId: id(), displayName: `${this.title}（依頼）`, grant: { organisation: partner, role: 'ROLE_PARTNER' } });
    return asKey(key)('support', 'CreateSupportRequest', {
      requestId: id(),
      addressee: this.group.name.replace('groups/', 'organisations/'),
      urgency: 'URGENCY_WEEK',
      municipalityCode: '13104',
      household: { age0To2: 1, age18To64: 2 },
      details: { allergens: ['ALLERGEN_EGG'], place: 'HANDOVER_PLACE_FETCH', placeText: '平日の午後', days: 7, contact: '窓口 佐藤' },
    });
  }

  /** A campaign whose public page is open. */
  async campaign() {
    const made = await this.do('support.campaign', 'CreateCampaign', {
      requestId: id(),
      campaign: {
        code: `t${randomInt(1e9)}`,
        title: { ja: '若者応援パック', en: 'Starter box' },
        text: { ja: '一人暮らしを始める若者に、食品を届けます。', en: 'Food for young people who begin to live on their own.' },
        questions: ['DAYS', 'ALLERGENS', 'COOKING', 'PLACE', 'CONTACT', 'NOTE'].map((item) => ({ item: `QUESTION_ITEM_${item}` })),
        opensDate: day(-1),
        closesDate: day(30),
        capacity: 20,
        waitingList: true,
      },
    });
    return this.do('support.campaign', 'PublishCampaign', { requestId: id(), name: made.name });
  }

  /** On hand by lot code and shelf: { "K3…/A-01": 12 }. */
  async balances() {
    const { balances = [] } = await this.do('stock', 'ListBalances', { warehouse: this.warehouse.name, pageSize: 200 });
    return Object.fromEntries(balances.filter(({ onHand }) => Number(onHand) !== 0).map(({ lot, place, onHand }) => [`${lot.code}/${place.code}`, Number(onHand)]));
  }

  /** Its donor's lots of a product. */
  async lots(product) {
    const { lots = [] } = await this.do('stock', 'ListLots', { donor: this.donor.name, pageSize: 200 });
    return lots.filter((lot) => lot.product === product.name);
  }

  /** All movements of those lots, in the order of the ledger. */
  async movements(product) {
    const found = await Promise.all((await this.lots(product)).map(({ code }) => this.do('stock', 'TraceLot', { lot: code })));
    return found.flatMap(({ movements = [] }) => movements).sort((a, b) => Number(a.position ?? 0) - Number(b.position ?? 0));
  }

  /** A link for a phone of the operator's warehouse, or for a person who holds the role in the organisation. */
  async invite(role, organisation = this.operator) {
    if (role === 'ROLE_VOLUNTEER') {
      const { code } = await call('identity', 'CreateInvite', { requestId: id(), grant: { organisation, role }, maxUses: 5 });
      return `${server}/#/join/${code}`;
    }
    const { name } = await call('identity', 'CreatePerson', {
      requestId: id(),
      email: `${randomUUID()}@example.org`,
      displayName: `${this.title}の担当`,
      grants: [{ organisation, role }],
    });
    const { code } = await call('identity', 'CreateInvite', { requestId: id(), person: name });
    return `${server}/#/join/${code}`;
  }

  /** A browser window in which that invite was taken; at home, or for a warehouse's phone ready for work. */
  async signIn(browser, role, { organisation, ...options } = {}) {
    const window = await open(browser, options);
    await join(window.page, await this.invite(role, organisation));
    return window;
  }
}

/** Takes an invite; a phone then loads what a scan needs. */
export async function join(page, link) {
  await page.goto(link);
  await page.getByRole('button', { name: /^(参加する|Join)$/ }).click();
  await page.waitForURL((url) => !url.hash.startsWith('#/join'));
  if (!page.url().endsWith('#/ready')) return;
  await page.getByText('準備ができました').waitFor();
  await page.getByRole('link', { name: 'はじめる' }).click();
  await page.getByRole('navigation', { name: '倉庫の作業' }).waitFor();
}

/** Asks until it is so; a person would wait no longer than this either. */
export async function until(question, what, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  let last;
  do {
    try {
      if (await question()) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await new Promise((done) => setTimeout(done, 200));
  } while (Date.now() < end);
  assert.fail(`not within ${seconds} s: ${what}${last ? ` (${last.message})` : ''}`);
}
