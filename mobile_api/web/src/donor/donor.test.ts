// The donor's pages against a small network.
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { beforeAll, beforeEach, expect, test } from 'vitest';

import App from '../App.svelte';
import { BadRequestSchema, ErrorInfoSchema } from '../gen/google/rpc/error_details_pb';
import { OfferState } from '../gen/kubari/donors/v1/donors_pb';
import { Role } from '../gen/kubari/type/v1/access_pb';
import { AgreementState, ComplianceLevel, DateKind, TemperatureZone } from '../gen/kubari/type/v1/food_pb';
import { TableColumnKind } from '../gen/kubari/type/v1/import_pb';
import { router } from '../router.svelte';
import { id, sessionAs, useNetwork, type Overrides } from '../testing/network';

const product = { name: `products/${id(5)}`, displayName: 'やわらかごはん 200g', gtin: '09520000000019', itemGrams: 210n, itemsPerCase: 24n, temperatureZone: TemperatureZone.CHILLED };
const donor = {
  name: `donors/${id(20)}`,
  code: 'D001',
  displayName: '例示食品株式会社',
  address: { text: '例示市1-1', municipalityCode: '13101' },
  agreements: [{ name: `donors/${id(20)}/agreements/${id(21)}`, title: '合意書', validFromDate: '2020-01-01', state: AgreementState.SIGNED, conditions: { minComplianceLevel: ComplianceLevel.HYGIENE, minRemainingDays: 30, donorMayBeNamed: true } }],
};
const stock: Overrides['stock'] = {
  listProducts: () => ({ products: [product] }),
  lookUpCode: (request) => (request.code.includes('9520000000019') ? { product, items: 24n, gtin: product.gtin, goodUntil: { kind: DateKind.BEST_BEFORE, date: '2031-08' }, donorLotNumber: 'L7' } : { gtin: '09520000000026' }),
};

// Pages are compiled when they are first opened: not while a test waits for what is on them.
beforeAll(() => Promise.all([import('./OfferPage.svelte'), import('./Offer.svelte'), import('./Upload.svelte')]), 120_000);
beforeEach(() => router.go('/'));

function open(path: string, over: Overrides) {
  useNetwork(sessionAs(Role.DONOR), over);
  router.go(path);
  return render(App);
}
const type = (field: HTMLElement, value: string) => fireEvent.input(field, { target: { value } });

test('an offer is made by name and by scan, judged, mended and sent', async () => {
  const created: { requestId: string; offer?: { title: string; lines: unknown[] } }[] = [];
  let submitted: unknown;
  open('/donor/new', {
    stock,
    donors: {
      getDonor: () => donor,
      createOffer: (request) => {
        created.push(request);
        if (created.length === 1) {
          throw new ConnectError('bad', Code.InvalidArgument, undefined, [
            { desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { reason: 'INVALID' }) },
            { desc: BadRequestSchema, value: create(BadRequestSchema, { fieldViolations: [{ field: 'offer.lines[1].cases', description: '多すぎます。' }] }) },
          ]);
        }
        return { ...request.offer!, name: `offers/${id(40)}`, etag: '1', state: OfferState.DRAFT };
      },
      submitOffer: (request) => {
        submitted = request;
        return { name: request.name, state: OfferState.SUBMITTED };
      },
      getOffer: (request) => ({ name: request.name, donor: donor.name, title: '秋の品', state: OfferState.SUBMITTED, lines: [] }),
    },
  });
  await type(await screen.findByLabelText('件名'), '秋の品');
  const search = screen.getByRole('combobox', { name: '商品' });
  await type(search, 'ごはん');
  await screen.findByRole('option', { name: /やわらかごはん/ });
  await fireEvent.keyDown(search, { key: 'Enter' });
  await screen.findByRole('button', { name: '商品を変える やわらかごはん 200g' });
  await type(screen.getByLabelText('ケース数'), '3');
  expect(screen.getByLabelText<HTMLInputElement>('入数（1ケースの点数）').value).toBe('24');
  await type(screen.getByLabelText('期限'), '3103');
  expect(screen.getByText(/2031年3月（その月の末日まで）/)).toBeTruthy();

  await fireEvent.click(screen.getByRole('button', { name: '＋ 行を加える' }));
  const second = within(screen.getByRole('group', { name: '2行目' }));
  const scan = second.getByRole('combobox', { name: '商品' });
  await type(scan, '(01)19520000000019(15)310800(10)L7');
  await fireEvent.keyDown(scan, { key: 'Enter' });
  await second.findByRole('button', { name: '商品を変える やわらかごはん 200g' });
  expect(second.getByLabelText<HTMLInputElement>('期限').value).toBe('2031-08');
  expect(second.getByLabelText<HTMLInputElement>('ロット番号（任意）').value).toBe('L7');
  await type(second.getByLabelText('ケース数'), '2');
  expect(screen.getByText(/2行・5ケース・120点・25.2 kg/)).toBeTruthy();

  await fireEvent.submit(document.querySelector('main form')!);
  await waitFor(() => expect(second.getByLabelText('ケース数').getAttribute('aria-invalid')).toBe('true'));
  expect(screen.getByText('多すぎます。')).toBeTruthy();
  await type(second.getByLabelText('ケース数'), '1');
  await fireEvent.submit(document.querySelector('main form')!);
  await waitFor(() => expect(submitted).toMatchObject({ name: `offers/${id(40)}`, etag: '1' }));
  await waitFor(() => expect(router.path).toBe(`/donor/offers/${id(40)}`));
  expect(created[1].requestId).not.toBe(created[0].requestId);
  expect(created[1].offer).toMatchObject({
    title: '秋の品',
    lines: [
      { product: product.name, cases: 3n, itemsPerCase: 24n, goodUntil: { kind: DateKind.BEST_BEFORE, date: '2031-03' }, temperatureZone: TemperatureZone.CHILLED },
      { product: product.name, cases: 1n, goodUntil: { date: '2031-08' }, donorLotNumber: 'L7' },
    ],
  });
});

test('what was typed is back after the page was closed; conditions that were not agreed cannot be chosen', async () => {
  const page = open('/donor/new', { stock, donors: { getDonor: () => donor } });
  await type(await screen.findByLabelText('件名'), '途中まで');
  page.unmount();
  open('/donor/new', { stock, donors: { getDonor: () => donor } });
  expect((await screen.findByLabelText<HTMLInputElement>('件名')).value).toBe('途中まで');
  expect(screen.getByLabelText<HTMLInputElement>(/二次配布/).disabled).toBe(true);
  expect(screen.getByLabelText<HTMLInputElement>(/寄付者の名前/).disabled).toBe(false);
  const levels = within(screen.getByLabelText(/法令遵守レベル/)).getAllByRole('option').map((one) => one.textContent);
  expect(levels).toEqual(['衛生責任者・記録あり — 合意書のとおり', '保管温度を記録', '外部認証']);
  await fireEvent.click(screen.getByRole('button', { name: '消して新しく書く' }));
  expect(screen.getByLabelText<HTMLInputElement>('件名').value).toBe('');
});

test('a list: columns are found, a problem stands at its cell and is mended there, then it is written as checked', async () => {
  const sent: { dryRun: boolean; table: string; skip: boolean }[] = [];
  const wrong = (row: number) => ({ row, column: 'cases', value: 'x', reason: 'NOT_A_NUMBER', message: 'Not a number.', messageJa: '整数ではありません。' });
  open('/donor/upload', {
    stock,
    donors: {
      getDonor: () => donor,
      getImportTemplate: () => ({
        columns: [
          { name: 'barcode', titleJa: 'バーコード', required: true },
          { name: 'cases', titleJa: 'ケース数', required: true },
          { name: 'date', titleJa: '期限', kind: TableColumnKind.DAY_OR_MONTH },
          ...['title', 'offer_code', 'donor_code'].map((name) => ({ name, titleJa: { title: '件名' }[name] ?? name, required: true })),
        ],
      }),
      importOffers: (request) => {
        const table = new TextDecoder().decode(request.table);
        const skip = request.options?.skipBadRows ?? false;
        sent.push({ dryRun: request.dryRun, table, skip });
        if (request.options?.allRows) {
          return {
            problems: [wrong(5)],
            reading: {
              format: 'csv',
              encoding: 'Shift_JIS',
              headerRow: 2,
              headers: ['JANコード', '数量（ケース）', '賞味期限'],
              columns: ['barcode', 'cases', 'date'],
              rowCount: 2,
              firstRows: [
                { number: 3, cells: ['9520000000019', '3', '2031年3月'] },
                { number: 5, cells: ['9520000000019', 'x', '2031/4/1'] },
              ],
              warnings: [{ row: 3, column: '賞味期限', reason: 'FORMULA', message: 'A formula.', messageJa: '数式です。' }],
            },
          };
        }
        if (table.includes(',x,')) return { createdCount: skip ? 1 : 0, problems: [wrong(3)], reading: { rowCount: 2, badRowCount: 1 } };
        return { createdCount: 1, skippedCount: 0 };
      },
    },
  });
  const text = '寄付品,,\nJANコード,数量（ケース）,賞味期限\n9520000000019,3,2031年3月\n,,\n9520000000019,x,2031/4/1\n';
  // jsdom's files cannot be read as bytes.
  const list = Object.assign(new File([text], 'list.csv'), { arrayBuffer: () => Promise.resolve(new TextEncoder().encode(text).buffer) });
  const chooser = (await screen.findByText('ファイルを選ぶ')).querySelector('input')!;
  await waitFor(() => expect(chooser.disabled).toBe(false));
  await fireEvent.change(chooser, { target: { files: [list] } });
  expect(await screen.findByText('list.csv（2行、文字コード Shift_JIS）')).toBeTruthy();
  expect(screen.getByText('3行目の賞味期限：数式です。')).toBeTruthy();
  await type(await screen.findByLabelText('件名（全行同じ値）'), '秋の品');
  await fireEvent.click(screen.getByRole('button', { name: '確かめる' }));
  const cell = await screen.findByLabelText<HTMLInputElement>('5行目のケース数');
  expect(cell.getAttribute('aria-invalid')).toBe('true');
  expect(document.getElementById(cell.getAttribute('aria-describedby')!)?.textContent).toContain('整数ではありません。');
  expect(screen.queryByRole('button', { name: /件を登録する/ })).toBeNull();
  expect(screen.getByRole('button', { name: '問題のない1行だけを登録する' })).toBeTruthy();
  await fireEvent.change(cell, { target: { value: '4' } });
  expect(await screen.findByText('直した所があります。もう一度確かめてください。')).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: 'もう一度確かめる' }));
  await fireEvent.click(await screen.findByRole('button', { name: '1件を登録する' }));
  expect(await screen.findByText('1件を登録しました。')).toBeTruthy();
  expect(sent.map((one) => one.dryRun)).toEqual([true, true, true, false]);
  expect(sent[0].table, 'the file as it is').toBe(text);
  expect(sent[3].table).toBe(sent[2].table);
  expect(sent[3].skip).toBe(false);
  const [header, first, last] = sent[3].table.replace('\ufeff', '').split('\r\n');
  expect(header.split(',')).toEqual(expect.arrayContaining(['barcode', 'cases', 'date', 'title', 'offer_code', 'donor_code']));
  expect(first).toContain('9520000000019,3,');
  expect(last).toContain('9520000000019,4,');
  expect(last).toContain('D001');
});
