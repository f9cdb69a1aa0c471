import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { flushSync } from 'svelte';
import { beforeEach, expect, test, vi } from 'vitest';

import type { Clients } from '../api/clients';
import { FoodCategory, TemperatureZone } from '../gen/kubari/type/v1/food_pb';
import { id } from '../testing/network';
import { referTo, type Telling, type Wish } from './actions';
import { Book } from './book.svelte';
import { CURRY_GTIN, PRACTISING, PracticeWarehouse, RICE_GTIN, TEA_GTIN, WAREHOUSE } from './practice/warehouse';
import { Queue, type World } from './queue.svelte';
import { IndexedStore, MemoryStore, type Store } from './store';
import { emptyPhone } from './testing';

const names = {
  ...{ warehouse: '例の倉庫', rice: '例のごはん', curry: '例のカレー', tea: '例のお茶', donor: '例示食品株式会社', offer: '例の寄付', group: '例の食堂', stocktake: '例の棚卸' },
  ...{ tooMany: { ja: '足りません。', en: 'Too few.' }, reversed: { ja: '取消済みです。', en: 'Undone.' } },
};
const telling: Telling = { task: 'receive', product: '例', items: '1' };
const shelf = (n: number) => `places/${id(n)}`;
const code = (gtin: string, more = {}) => ({ raw: gtin, gtin, ...more });

/** A phone before a warehouse that counts the calls; `signal.on = false`: nobody is reached. */
async function phone(store: Store = new MemoryStore([], true), warehouse = new PracticeWarehouse(names)) {
  const calls: string[] = [];
  const signal = { on: true };
  const clock = { now: Date.now() };
  const counting = <T extends object>(client: T): T =>
    new Proxy(client, {
      get: (target, method) => (request: unknown) => {
        calls.push(String(method));
        if (!signal.on) return Promise.reject(new TypeError('Failed to fetch'));
        return (target[method as keyof T] as (request: unknown) => unknown)(request);
      },
    });
  const api = Object.fromEntries(Object.entries(warehouse.api).map(([service, client]) => [service, counting(client as object)])) as unknown as Clients;
  let hope = () => {};
  const world: Partial<World> = {
    ...{ api, now: () => clock.now, ahead: () => 0, random: () => 0, alone: (_: string, work: () => Promise<void>) => work(), channel: () => undefined, later: () => () => {} },
    onHope: (heard) => {
      hope = heard;
      return () => {};
    },
  };
  const queue = new Queue(world);
  const book = new Book({ ...world, queue });
  await queue.open(store, 'test', PRACTISING);
  const retry = hope;
  await book.open(store, 'test', { groups: true, donors: true });
  await book.refresh();
  const product = (gtin: string) => book.lookUp(code(gtin)).product!;
  const lots = (gtin: string) => book.lookUp(code(gtin)).stock.map(({ place, onHand, reserved, free }) => [place.code, onHand, reserved, free]);
  return { book, queue, calls, signal, clock, retry, warehouse, product, lots, store };
}

async function inWarehouse(store?: Store, warehouse?: PracticeWarehouse) {
  const it = await phone(store, warehouse);
  await it.book.choose(WAREHOUSE);
  await it.book.refresh();
  return it;
}

const receive = (value: object): Wish => ({ method: 'movement', request: { request: { case: 'receive', value: { place: shelf(1), ...value } } } });
const transfer = (value: object): Wish => ({ method: 'movement', request: { request: { case: 'transfer', value } } });

beforeEach(emptyPhone);

test('nothing is asked of a warehouse before one is chosen; then everything that a scan needs is there', async () => {
  const { book, calls } = await phone();
  expect(calls).toEqual(['listWarehouses']);
  expect(book.warehouses.map((one) => one.displayName)).toEqual(['例の倉庫']);
  expect(book.ready).toBe(false);
  await book.choose(WAREHOUSE);
  await book.refresh();
  expect(book.ready).toBe(true);
  expect(book.age).toBeGreaterThan(0);
  expect(book.problem).toBeUndefined();
  expect(book.places().map((place) => place.code)).toEqual(['A-01', 'A-02', 'R-01']);
  expect(book.groups).toEqual([{ name: `groups/${id(1)}`, displayName: '例の食堂' }]);
  expect(book.donors).toEqual([{ name: `donors/${id(1)}`, displayName: '例示食品株式会社' }]);
  expect(book.pickLists()[0]).toMatchObject({ openItems: 12n });
  expect(book.pickLists()[0].lines[0].stock).toMatchObject({ onHand: 40n, reserved: 12n });
  expect(book.stocktakes()[0]).toMatchObject({ stocktake: { title: '例の棚卸' }, lines: [{ expectedItems: 40n }, { expectedItems: 60n }, { expectedItems: 36n }] });
  expect(book.rules?.minRemainingDaysIntake).toBe(30);
  expect(book.pickLists('warehouses/another')).toEqual([]);
});

test('a code: the item, its case, what stands where first to expire first, what is expected, an own label', async () => {
  const { book } = await inWarehouse();
  const curry = book.lookUp(code(CURRY_GTIN));
  expect(curry).toMatchObject({ product: { displayName: '例のカレー' }, items: 1n });
  expect(curry.stock.map((row) => row.place.code)).toEqual(['A-01', 'A-02']);
  expect(curry.stock[0].lot.goodUntil!.date < curry.stock[1].lot.goodUntil!.date).toBe(true);
  // A case number made from the item's: indicator 1 and its own check digit.
  expect(book.lookUp(code('19520000009028'))).toMatchObject({ product: { gtin: CURRY_GTIN }, items: 30n });
  expect(book.lookUp(code('09520000099999'))).toEqual({ items: 1n, stock: [], expected: [] });
  expect(book.lookUp(code(RICE_GTIN)).expected).toMatchObject([{ openItems: 48n, offer: { title: '例の寄付' } }]);
  const late = curry.stock[1].lot;
  expect(book.lookUp({ raw: late.code, lotCode: late.code })).toMatchObject({ lot: { name: late.name }, product: { gtin: CURRY_GTIN }, stock: [{ onHand: 60n }] });
  // A date on the code leaves the other lot out; another product's number beside a lot's code is not that lot.
  expect(book.lookUp(code(CURRY_GTIN, { goodUntil: { date: late.goodUntil!.date } })).stock).toHaveLength(1);
  expect(book.lookUp({ raw: '', lotCode: late.code, gtin: TEA_GTIN }).lot).toBeUndefined();
  expect(book.findProducts('カレー')).toHaveLength(1);
  expect(book.findProducts('かれー').map((one) => one.gtin)).toEqual([CURRY_GTIN]);
  expect(book.findProducts('9520000009')).toHaveLength(3);
  expect(book.findProducts(' ')).toEqual([]);
});

test('what this phone did counts at once, before anyone else knows', async () => {
  const { book, queue, signal, lots, product, retry } = await inWarehouse();
  signal.on = false;
  const [early] = book.lookUp(code(CURRY_GTIN)).stock;
  const line = book.expected[0].line;

  // A receipt by offer: the lot is not there yet, and can be moved on all the same.
  const receipt = await queue.add(receive({ offerLine: line.name, items: 30n }), telling);
  expect(lots(RICE_GTIN)).toEqual([['A-01', 30n, 0n, 30n]]);
  expect(book.lookUp(code(RICE_GTIN)).stock[0]).toMatchObject({ waiting: true, lot: { name: referTo(receipt), code: '', goodUntil: line.goodUntil, offerLine: line.name } });
  expect(book.expected[0].openItems).toBe(18n);
  await queue.add(transfer({ lot: referTo(receipt), fromPlace: shelf(1), toPlace: shelf(2), items: 10n }), telling);
  expect(lots(RICE_GTIN)).toEqual([['A-01', 20n, 0n, 20n], ['A-02', 10n, 0n, 10n]]);

  // Out by reservation: on hand and reserved, not what is free.
  await queue.add({ method: 'movement', request: { request: { case: 'issue', value: { reservation: `reservations/${id(1)}`, items: 5n } } } }, telling);
  expect(lots(CURRY_GTIN)[0]).toEqual(['A-01', 35n, 7n, 28n]);
  expect(book.pickLists()[0]).toMatchObject({ openItems: 7n, lines: [{ openItems: 7n, doneItems: 5n }] });

  // Goods like those that are there join their lot.
  const { lot } = early;
  await queue.add(receive({ product: lot.product, donor: lot.donor, goodUntil: lot.goodUntil, items: 4n }), telling);
  expect(lots(CURRY_GTIN)[0]).toEqual(['A-01', 39n, 7n, 32n]);

  await queue.add({ method: 'movement', request: { request: { case: 'discard', value: { lot: lot.name, place: shelf(1), items: 2n, reason: 'DAMAGED' } } } }, telling);
  await queue.add({ method: 'movement', request: { request: { case: 'adjust', value: { lot: lot.name, place: shelf(1), difference: -1n, reason: 'COUNTED' } } } }, telling);
  expect(lots(CURRY_GTIN)[0]).toEqual(['A-01', 36n, 7n, 29n]);
  await queue.add({ method: 'sendTransfer', request: { goods: [{ lot: lot.name, place: shelf(1), items: 6n }] } }, telling);
  expect(lots(CURRY_GTIN)[0]).toEqual(['A-01', 30n, 7n, 23n]);

  // A product that nobody knew.
  await queue.add(
    { method: 'createProduct', request: { productId: id(77), product: { displayName: '新しい品', gtin: '09520000090006', category: FoodCategory.SNACK, itemsPerCase: 6n, temperatureZone: TemperatureZone.AMBIENT } } },
    { ...telling, task: 'product' },
  );
  expect(product('09520000090006')).toMatchObject({ name: `products/${id(77)}`, displayName: '新しい品' });
  await queue.add(receive({ product: `products/${id(77)}`, donor: `donors/${id(1)}`, items: 6n }), telling);
  expect(lots('09520000090006')).toEqual([['A-01', 6n, 0n, 6n]]);

  // Withdrawn, it was never there.
  await queue.undo(queue.actions.at(-1)!);
  expect(lots('09520000090006')).toEqual([]);
  expect(retry).toBeTypeOf('function');
});

test('when the service has recorded it and was asked again, nothing is counted twice', async () => {
  const { book, queue, signal, clock, retry, lots } = await inWarehouse();
  const before = lots(CURRY_GTIN)[1];
  signal.on = false;
  const { lot } = book.lookUp(code(CURRY_GTIN)).stock[1];
  await queue.add(transfer({ lot: lot.name, fromPlace: shelf(2), toPlace: shelf(1), items: 20n }), telling);
  const meant = [lots(CURRY_GTIN)[0], ['A-01', 20n, 0n, 20n], ['A-02', (before[1] as bigint) - 20n, 0n, (before[1] as bigint) - 20n]];
  expect(lots(CURRY_GTIN)).toEqual(meant);

  clock.now += 1_000;
  signal.on = true;
  retry();
  await queue.rest();
  // Recorded, but the book has not heard of it: its own knowledge stands in.
  expect(queue.actions[0].state).toBe('done');
  expect(lots(CURRY_GTIN)).toEqual(meant);
  clock.now += 1_000;
  await book.refresh();
  expect(lots(CURRY_GTIN)).toEqual(meant);
  expect(book.stock.some((row) => row.waiting)).toBe(false);

  // The reversal, in the same two steps.
  clock.now += 1_000;
  await queue.undo(queue.actions[0]);
  await queue.rest();
  expect(lots(CURRY_GTIN)[1]).toEqual(before);
  clock.now += 1_000;
  await book.refresh();
  expect(lots(CURRY_GTIN)[1]).toEqual(before);
});

test('a refusal takes its figures back', async () => {
  const { book, queue, lots } = await inWarehouse();
  const { lot } = book.lookUp(code(CURRY_GTIN)).stock[1];
  const before = lots(CURRY_GTIN);
  await queue.add({ method: 'movement', request: { request: { case: 'discard', value: { lot: lot.name, place: shelf(2), items: 1_000n, reason: 'DAMAGED' } } } }, telling);
  await queue.rest();
  expect(queue.refused[0].problem).toMatchObject({ reason: 'INSUFFICIENT_STOCK', message: { ja: '足りません。' } });
  expect(lots(CURRY_GTIN)).toEqual(before);
});

test('a refresh asks for little where little has changed', async () => {
  const { book, queue, calls, clock } = await inWarehouse();
  calls.length = 0;
  clock.now += 3 * 60_000;
  await book.refresh();
  // No movement since: balances stay. Names, shelves and products are fresh for half a day.
  expect(calls).toEqual(['listMovements', 'listOffers', 'getPickList', 'listTransfers', 'listStocktakes', 'getStocktake', 'listStocktakeLines']);
  await queue.add(receive({ offerLine: book.expected[0].line.name, items: 1n }), telling);
  await queue.rest();
  calls.length = 0;
  clock.now += 1_000;
  await book.refresh();
  expect(calls).toContain('listBalances');
  expect(calls).not.toContain('listProducts');
  calls.length = 0;
  await book.refresh(true);
  expect(calls).toEqual(expect.arrayContaining(['listWarehouses', 'listPlaces', 'listBalances', 'listProducts', 'getStockRules', 'listGroups', 'listDonors']));
});

test('it survives on the disk, is read without signal, and tells its age', async () => {
  const name = 'kubari book';
  const first = await inWarehouse(new IndexedStore(name));
  const { age } = first.book;
  const stock = first.lots(CURRY_GTIN);
  first.book.close();
  first.queue.close();

  const again = await phone(new IndexedStore(name), new PracticeWarehouse({ ...names, warehouse: '別の名前' }));
  // The first thing that happens is reading the disk; the refresh comes after.
  expect(again.book.warehouse).toBe(WAREHOUSE);
  again.book.close();
  again.signal.on = false;
  await again.book.open(new IndexedStore(name), 'test', { groups: true, donors: true });
  expect(again.book.ready).toBe(true);
  await again.book.refresh();
  expect(again.book.problem).toMatchObject({ kind: 'away' });
  expect(again.book.age).toBeGreaterThanOrEqual(age!);
  expect(again.lots(CURRY_GTIN).map(([, onHand]) => onHand)).toEqual(stock.map(([, onHand]) => onHand));
  expect(again.book.stocktakes()[0].lines).toHaveLength(3);
  await again.book.clear();
  expect(again.book.ready).toBe(false);
  expect(await new IndexedStore(name).tables()).toEqual([]);
});

test('another warehouse: nothing of the former one is left', async () => {
  const { book, store } = await inWarehouse();
  await book.choose('warehouses/another');
  expect(book.ready).toBe(false);
  expect(book.stock).toEqual([]);
  await book.refresh();
  const kept = (await store.tables()).map((table) => table.key);
  expect(kept).toContain('balances');
  expect(book.warehouse).toBe('warehouses/another');
});

test('10,000 products and 2,000 lots are found, also right after an action; how long it takes is told', async () => {
  const warehouse = new PracticeWarehouse(names);
  const gtin = (n: number) => `0952${String(n).padStart(10, '0')}`;
  const products = Array.from({ length: 10_000 }, (_, n) => ({ name: `products/${id(5_000 + n)}`, gtin: gtin(n), displayName: `品 ${n}`, itemsPerCase: 12n, itemGrams: 100n, temperatureZone: TemperatureZone.AMBIENT }));
  const balances = Array.from({ length: 2_000 }, (_, n) => ({
    lot: { name: `lots/${id(50_000 + n)}`, code: `L${n}`, product: products[n * 5].name, productDisplayName: `品 ${n * 5}`, goodUntil: { kind: 2, date: `2027-${String((n % 12) + 1).padStart(2, '0')}` }, createTime: timestampFromMs(0) },
    place: { name: shelf(1 + (n % 2)), code: `A-0${1 + (n % 2)}` },
    onHand: 10n,
    free: 10n,
  }));
  vi.spyOn(warehouse.api.stock, 'listProducts').mockImplementation((request) => {
    const from = Number(request.pageToken || 0);
    const next = from + 200;
    return Promise.resolve({ products: products.slice(from, next), nextPageToken: next < products.length ? String(next) : '' }) as never;
  });
  vi.spyOn(warehouse.api.stock, 'listBalances').mockResolvedValue({ balances, nextPageToken: '' } as never);
  const { book, queue, signal } = await inWarehouse(undefined, warehouse);
  expect(book.findProducts('品 9999')).toHaveLength(1);
  signal.on = false;
  const times: number[] = [];
  for (let n = 0; n < 50; n++) {
    const row = book.stock[n];
    await queue.add({ method: 'movement', request: { request: { case: 'discard', value: { lot: row.lot.name, place: row.place.name, items: 1n, reason: 'DAMAGED' } } } }, telling);
    flushSync();
    const begun = performance.now();
    expect(book.lookUp(code(gtin(n * 5))).stock.length).toBeGreaterThan(0);
    times.push(performance.now() - begun);
  }
  console.info(`look-up after an action: median ${times.sort((a, b) => a - b)[25].toFixed(1)} ms`);
});
