// The flows as a volunteer meets them: what is typed or scanned, what is asked, what the ledger is told.
import { create } from '@bufbuild/protobuf';
import { configure, fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { beforeEach, expect, test, vi } from 'vitest';

import App from '../App.svelte';
import { OfferState } from '../gen/kubari/donors/v1/donors_pb';
import { PlaceKind, ProductSchema } from '../gen/kubari/stock/v1/catalogue_pb';
import type { MovementRequest } from '../gen/kubari/stock/v1/ledger_pb';
import { StockRulesSchema } from '../gen/kubari/stock/v1/stock_pb';
import type { RecordCountRequest } from '../gen/kubari/stock/v1/stocktakes_pb';
import { Role } from '../gen/kubari/type/v1/access_pb';
import { DateKind, FoodCategory, TemperatureZone } from '../gen/kubari/type/v1/food_pb';
import { router } from '../router.svelte';
import { at, id, sessionAs, useNetwork, type Overrides } from '../testing/network';
import { readLotCode } from './code';
import { furigana } from './furigana.svelte';

// Each page brings its own files, which a busy machine compiles slowly.
configure({ asyncUtilTimeout: 40_000 });
vi.setConfig({ testTimeout: 200_000 });

const JAN = '9520000000011';
const warehouse = `warehouses/${id(10)}`;
const places = [1, 2].map((n) => ({ name: `places/${id(100 + n)}`, kind: PlaceKind.SHELF, warehouse, code: `A-0${n}`, temperatureZone: TemperatureZone.AMBIENT, displayName: `東倉庫 A-0${n}` }));
const product = { name: `products/${id(5)}`, gtin: `0${JAN}`, displayName: 'やわらかごはん 200g', category: FoodCategory.CARE, itemGrams: 220n, itemsPerCase: 24n, temperatureZone: TemperatureZone.AMBIENT };
const lotOf = (n: number, code: string, date: string) => ({
  name: `lots/${id(n)}`,
  code,
  product: product.name,
  productDisplayName: product.displayName,
  gtin: product.gtin,
  category: product.category,
  goodUntil: { kind: DateKind.BEST_BEFORE, date },
  temperatureZone: TemperatureZone.AMBIENT,
  itemsPerCase: 24n,
});
// The last character checks the others.
const checked = (seven: string) => [...'23456789ABCDEFGHJKLMNPQRSTUVWXYZ'].map((last) => seven + last).find(readLotCode)!;
const early = lotOf(1, checked('EARLYAB'), '2098-03');
const late = lotOf(2, checked('LATERAB'), '2099-03-31');
const group = 'みどり子ども食堂';
const line = (n: number, lot: typeof early, items: bigint) => ({
  name: `runs/${id(60)}/lines/${id(n)}`,
  lot: lot.name,
  lotCode: lot.code,
  productDisplayName: lot.productDisplayName,
  goodUntil: lot.goodUntil,
  place: places[0].name,
  placeDisplayName: places[0].displayName,
  items,
  itemsPerCase: 24n,
  reservation: `reservations/${id(n)}`,
  delivery: `deliveries/${id(50)}`,
});

let told: MovementRequest[];
let counted: RecordCountRequest[];
let products: string[];

beforeEach(() => {
  router.go('/');
  told = [];
  counted = [];
  products = [];
  furigana.choose(false);
});

/** As a volunteer at `path`, with the book read. */
async function open(path: string, over: Overrides = {}, role = Role.VOLUNTEER) {
  useNetwork(sessionAs(role), {
    ...over,
    stock: {
      listPlaces: () => ({ places }),
      listProducts: () => ({ products: [product] }),
      listBalances: () => ({
        balances: [
          { lot: early, place: places[0], onHand: 48n, reserved: 48n, free: 0n },
          { lot: late, place: places[0], onHand: 30n, reserved: 0n, free: 30n },
        ],
      }),
      lookUpCode: () => ({}),
      createProduct: (request) => {
        products.push(`products/${request.productId}`);
        return create(ProductSchema, { name: `products/${request.productId}`, displayName: request.product?.displayName });
      },
      recordMovements: ({ requests }) => {
        told.push(...requests);
        return { outcomes: requests.map((_, index) => ({ movements: [{ name: `movements/${id(900 + told.length + index)}` }], lot: { name: `lots/${id(77)}`, code: 'ABCDEFGH' } })) };
      },
      ...over.stock,
    },
    donors: {
      listOffers: () => ({
        offers: [
          {
            name: `offers/${id(40)}`,
            donor: `donors/${id(20)}`,
            donorDisplayName: '例示食品株式会社',
            title: '秋の介護食',
            state: OfferState.ACCEPTED,
            warehouse,
            lines: [{ name: `offers/${id(40)}/lines/${id(41)}`, product: product.name, productDisplayName: product.displayName, cases: 10n, acceptedCases: 10n, itemsPerCase: 24n, goodUntil: { kind: DateKind.BEST_BEFORE, date: '2098-03' }, temperatureZone: TemperatureZone.AMBIENT }],
          },
        ],
      }),
      ...over.donors,
    },
    allocation: {
      getPickList: () => ({ deliveries: [{ delivery: `deliveries/${id(50)}`, groupDisplayName: group, pickUpDueTime: at('2099-01-01T00:00:00Z'), lines: [line(61, early, 48n)] }] }),
      ...over.allocation,
    },
  });
  router.go(path);
  render(App);
}

/** Types a code by hand; without a camera the field is there. */
async function typeCode(code: string) {
  const field = await screen.findByLabelText('コードを打つ');
  await fireEvent.input(field, { target: { value: code } });
  await fireEvent.click(screen.getByRole('button', { name: '決定' }));
}

const told1 = async () => {
  await waitFor(() => expect(told).toHaveLength(1));
  return told[0].request;
};

test('the home says what waits, and reads it out with furigana for who wants it', async () => {
  await open('/');
  expect(await screen.findByText('準備 1件')).toBeTruthy();
  expect(screen.getByText('届く予定 1品')).toBeTruthy();
  expect(screen.getByText('全部送信しました')).toBeTruthy();
  expect(document.querySelector('ruby')).toBeNull();
  await fireEvent.click(screen.getByRole('button', { name: 'ふりがな' }));
  expect(document.querySelector('ruby')?.textContent).toContain('そうこ');
  expect(localStorage.getItem('kubari.furigana')).toBe('on');
});

test('without a camera the page says why, and what else there is', async () => {
  await open('/in');
  expect(await screen.findByText(/この接続ではカメラを使えません|カメラが見つかりません/)).toBeTruthy();
  expect(screen.getByLabelText('コードを打つ')).toBeTruthy();
  await typeCode('9520000000018');
  expect(await screen.findByText('数字が1つ違うようです。もう一度見てください。')).toBeTruthy();
});

test('expected goods: one scan, everything is filled in, and the ledger is told of the offer line', async () => {
  await open('/in');
  await typeCode(JAN);
  expect(await screen.findByRole('heading', { name: product.displayName })).toBeTruthy();
  expect(screen.getByLabelText<HTMLInputElement>('ケース').value).toBe('10');
  expect(screen.queryByLabelText(/印字のとおりに打つ/)).toBeNull();
  await fireEvent.click(screen.getByRole('button', { name: 'A-02' }));
  await fireEvent.click(screen.getByRole('button', { name: '入庫する' }));
  expect(await screen.findByText(`${product.displayName} 240点を A-02 に入れました`)).toBeTruthy();
  const { value } = await told1();
  expect(value).toMatchObject({ offerLine: `offers/${id(40)}/lines/${id(41)}`, items: 240n, place: places[1].name });
  // As offered.
  expect((value as { goodUntil?: unknown }).goodUntil).toBeUndefined();
});

test('a scanner that types works anywhere on the page, and leaves no trace in the field it typed into', async () => {
  await open('/in');
  const field = await screen.findByLabelText<HTMLInputElement>('コードを打つ');
  field.focus();
  // A device's keys are 8 ms apart, however long this machine takes.
  let now = performance.now();
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 8));
  for (const key of [...JAN, 'Enter']) field.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  clock.mockRestore();
  expect(await screen.findByRole('heading', { name: product.displayName })).toBeTruthy();
  expect(field.value).toBe('');
});

test('an unknown barcode: the product is made on the way, and comes before its goods', async () => {
  await open('/in');
  await typeCode('9520000000028');
  await fireEvent.input(await screen.findByLabelText('商品名'), { target: { value: '例示みそ汁 15g' } });
  await fireEvent.change(screen.getByLabelText('種類'), { target: { value: String(FoodCategory.SEASONING) } });
  await fireEvent.input(screen.getByLabelText('1個の重さ（g）'), { target: { value: '18' } });
  await fireEvent.input(screen.getByLabelText('1ケースの入数'), { target: { value: '40' } });
  await fireEvent.click(screen.getByRole('button', { name: '常温' }));
  await fireEvent.click(screen.getByRole('button', { name: '次へ' }));
  await fireEvent.input(await screen.findByLabelText(/印字のとおりに打つ/), { target: { value: '4003' } });
  expect(screen.getByText('2040年3月')).toBeTruthy();
  await fireEvent.input(screen.getByLabelText('ケース'), { target: { value: '2' } });
  await fireEvent.change(screen.getByLabelText('寄付者'), { target: { value: `donors/${id(20)}` } });
  await fireEvent.click(screen.getByRole('button', { name: 'A-01' }));
  await fireEvent.click(screen.getByRole('button', { name: '入庫する' }));
  const request = await told1();
  expect(request).toMatchObject({ case: 'receive', value: { items: 80n, donor: `donors/${id(20)}` } });
  expect(products).toEqual([(request.value as { product: string }).product]);
});

test('goods at the door: nothing is kept until amount and donor are said; few days left need a reason', async () => {
  await open('/in', { stock: { getStockRules: () => create(StockRulesSchema, { minRemainingDaysIntake: 10_000 }) }, donors: { listOffers: () => ({}) } });
  await typeCode(`(01)0${JAN}(15)300331(10)L-7`);
  await fireEvent.click(await screen.findByRole('button', { name: '入庫する' }));
  expect(await screen.findByText('数を入れてください。')).toBeTruthy();
  await fireEvent.input(screen.getByLabelText('バラ（点）'), { target: { value: '5' } });
  expect(await screen.findByText(/受け入れには10000日必要です/)).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: '責任者が認めた' }));
  await fireEvent.click(screen.getByRole('button', { name: 'A-01' }));
  await fireEvent.click(screen.getByRole('button', { name: '入庫する' }));
  // A volunteer may not list donors, and no goods here have one.
  expect(screen.getByText(/先に寄付の登録を頼んでください/)).toBeTruthy();
  expect(told).toEqual([]);
});

test('goods at the door: few days left are taken with a reason, and what is refused is recorded with its own', async () => {
  await open('/in', { stock: { getStockRules: () => create(StockRulesSchema, { minRemainingDaysIntake: 50_000 }) } });
  await typeCode(JAN);
  await fireEvent.click(await screen.findByRole('button', { name: '入庫する' }));
  expect(await screen.findByText(/理由を選ぶか書いてください/)).toBeTruthy();
  expect(told).toEqual([]);
  await fireEvent.click(screen.getByRole('button', { name: 'すぐに配る予定がある' }));
  await fireEvent.click(screen.getByRole('button', { name: 'A-01' }));
  await fireEvent.input(screen.getByLabelText('ケース'), { target: { value: '9' } });
  await fireEvent.click(screen.getByRole('button', { name: '断った物を書く' }));
  await fireEvent.input(screen.getByLabelText('点数'), { target: { value: '24' } });
  await fireEvent.change(screen.getByLabelText('理由'), { target: { value: 'OPENED' } });
  await fireEvent.click(screen.getByRole('button', { name: '入庫する' }));
  expect(await told1()).toMatchObject({ value: { items: 216n, shortDatedReason: 'すぐに配る予定がある', refused: [{ items: 24n, reason: 'OPENED' }] } });
});

test('out: a wrong lot and too many are stopped with one sentence; the right one is handed out by its reservation', async () => {
  await open(`/out/${id(50)}`);
  await typeCode(late.code);
  expect((await screen.findByRole('alert')).textContent).toContain(`${late.code} ではありません。棚 A-01 の ${early.code} を出してください。`);
  await fireEvent.click(screen.getByRole('button', { name: 'わかりました' }));
  await typeCode(early.code);
  const cases = await screen.findByLabelText<HTMLInputElement>('ケース');
  expect(cases.value).toBe('2');
  await fireEvent.input(cases, { target: { value: '3' } });
  await fireEvent.click(screen.getByRole('button', { name: '出した' }));
  expect((await screen.findByRole('alert')).textContent).toContain('72点は多すぎます。出すのは48点までです。');
  await fireEvent.click(screen.getByRole('button', { name: 'わかりました' }));
  await typeCode(JAN);
  await fireEvent.click(await screen.findByRole('button', { name: '出した' }));
  expect(await screen.findByText('全部そろいました')).toBeTruthy();
  expect(await told1()).toMatchObject({ case: 'issue', value: { reservation: `reservations/${id(61)}`, items: 48n, delivery: `deliveries/${id(50)}` } });
  expect(screen.getByRole('img', { name: '納品書のコード' })).toBeTruthy();
});

test('out: a bare barcode that fits two lots asks which, first to expire first', async () => {
  const allocation = { getPickList: () => ({ deliveries: [{ delivery: `deliveries/${id(50)}`, groupDisplayName: group, lines: [line(62, late, 24n), line(61, early, 48n)] }] }) };
  await open(`/out/${id(50)}`, { allocation });
  await typeCode(JAN);
  const radios = await screen.findAllByRole<HTMLInputElement>('radio');
  expect(radios.map((radio) => radio.value)).toEqual([`reservations/${id(61)}`, `reservations/${id(62)}`]);
  expect(radios[0].checked).toBe(true);
  await fireEvent.click(radios[1]);
  expect(screen.getByLabelText<HTMLInputElement>('ケース').value).toBe('1');
  await fireEvent.click(screen.getByRole('button', { name: '出した' }));
  expect(await told1()).toMatchObject({ case: 'issue', value: { reservation: `reservations/${id(62)}`, items: 24n } });
});

test('discard: only what is free, with a reason; and it can be undone as a reversal', async () => {
  await open('/discard');
  await typeCode(early.code);
  expect((await screen.findByRole('alert')).textContent).toContain('全部約束済みです');
  await fireEvent.click(screen.getByRole('button', { name: 'わかりました' }));
  await typeCode(late.code);
  await fireEvent.input(await screen.findByLabelText('バラ（点）'), { target: { value: '31' } });
  await fireEvent.click(screen.getByRole('button', { name: '捨てたと記録する' }));
  expect((await screen.findByRole('alert')).textContent).toContain('多すぎます');
  await fireEvent.input(screen.getByLabelText('バラ（点）'), { target: { value: '3' } });
  await fireEvent.click(screen.getByRole('button', { name: '捨てたと記録する' }));
  await waitFor(() => expect(screen.getByRole('alert').textContent).toContain('理由を選んでください'));
  await fireEvent.click(screen.getByRole('button', { name: '破損' }));
  await fireEvent.click(screen.getByRole('button', { name: '捨てたと記録する' }));
  expect(await told1()).toMatchObject({ case: 'discard', value: { lot: late.name, place: places[0].name, items: 3n, reason: 'DAMAGED' } });
  await screen.findByText('送信済み');
  await fireEvent.click(screen.getByRole('button', { name: '取り消す' }));
  await waitFor(() => expect(told).toHaveLength(2));
  expect(told[1].request).toMatchObject({ case: 'reverse', value: { movement: expect.stringMatching(/^movements\//), reason: 'MISTAKE' } });
});

test('a stocktake: shelf, scan, number; counting again asks what the second number means', async () => {
  const stocktake = { name: `stocktakes/${id(30)}`, title: '年末の棚卸', warehouse, placeCount: 2 };
  await open('/count', {
    stocktakes: {
      listStocktakes: () => ({ stocktakes: [stocktake] }),
      getStocktake: () => stocktake,
      listStocktakeLines: () => ({ lines: [{ lot: late, place: places[0], state: 1 }] }),
      recordCount: (request) => {
        counted.push(request);
        return {};
      },
    },
  });
  await fireEvent.click(await screen.findByRole('button', { name: /^A-01/ }));
  await typeCode(late.code);
  await fireEvent.input(await screen.findByLabelText('ケース'), { target: { value: '1' } });
  await fireEvent.input(screen.getByLabelText('バラ（点）'), { target: { value: '5' } });
  await fireEvent.click(screen.getByRole('button', { name: 'この数で決める' }));
  await waitFor(() => expect(counted).toHaveLength(1));
  expect(counted[0]).toMatchObject({ stocktake: stocktake.name, lot: late.name, place: places[0].name, cases: 1n, itemsPerCase: 24n, looseItems: 5n, mode: 1 });
  await typeCode(late.code);
  const modes = within(await screen.findByRole('group', { name: '数え方' }));
  await fireEvent.click(modes.getByRole('button', { name: '別の山（足す）' }));
  await fireEvent.input(screen.getByLabelText('バラ（点）'), { target: { value: '2' } });
  await fireEvent.click(screen.getByRole('button', { name: 'この数で決める' }));
  await waitFor(() => expect(counted).toHaveLength(2));
  expect(counted[1]).toMatchObject({ mode: 2, looseItems: 2n });
});
