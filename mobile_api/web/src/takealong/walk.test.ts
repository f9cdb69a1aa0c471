import { Blob } from 'node:buffer';

import { create } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import { Code, ConnectError, createRouterTransport } from '@connectrpc/connect';
import { expect, test, vi } from 'vitest';

import { AllocationService } from '../gen/kubari/allocation/v1/allocation_pb';
import { IdentityService } from '../gen/kubari/identity/v1/identity_pb';
import { ProductSchema, WarehouseSchema } from '../gen/kubari/stock/v1/catalogue_pb';
import { StockService } from '../gen/kubari/stock/v1/stock_pb';
import { callsFor, contract, takenAlong, walk, type Entry, type Progress } from './walk';

// The one of jsdom cannot be read.
vi.stubGlobal('Blob', Blob);

const services = [IdentityService, AllocationService, StockService];
const denied = () => {
  throw new ConnectError('', Code.PermissionDenied);
};

async function take(transport: ReturnType<typeof createRouterTransport>, signal = new AbortController().signal) {
  const files = new Map<string, string>();
  let last: Progress | undefined;
  for await (const { name, input } of walk(services, transport, signal, (now) => (last = now)) as AsyncGenerator<Entry>) files.set(name, await input.text());
  return { files, last, manifest: JSON.parse(files.get('manifest.json')!) };
}

test('every list is taken that belongs to people, children once for each parent', async () => {
  const all = takenAlong(services);
  const names = all.map((taken) => taken.name);
  expect(names).toEqual(expect.arrayContaining(['identity.GetNetwork', 'stock.ListLots', 'stock.ListPlaces', 'stock.GetProductPicture', 'allocation.ExportRun']));
  expect(names).not.toContain('identity.ListNetworks');
  expect(names).not.toContain('allocation.ListExclusions');
  const places = all.find((taken) => taken.name === 'stock.ListPlaces')!;
  expect(callsFor(places, reflect(WarehouseSchema, create(WarehouseSchema, { name: 'warehouses/1' })))).toEqual([{ warehouse: 'warehouses/1' }]);
  const picture = all.find((taken) => taken.name === 'stock.GetProductPicture')!;
  expect(callsFor(picture, reflect(ProductSchema, create(ProductSchema, { name: 'products/1' }))), 'only where there is one').toEqual([]);
});

test('each parent of the contract is there, with the fields that are named', async () => {
  const all = takenAlong(await contract());
  for (const taken of all.filter((one) => one.each !== '')) {
    for (const field of Object.keys(taken.fields)) expect(taken.method.input.fields.map((one) => one.name), taken.name).toContain(field);
  }
  expect(all.length).toBeGreaterThan(30);
});

test('pages, children, pictures and what is refused', async () => {
  const transport = createRouterTransport((router) => {
    router.service(StockService, {
      listWarehouses: ({ pageToken }) =>
        pageToken ? { warehouses: [{ name: 'warehouses/2', displayName: '西,倉庫' }] } : { warehouses: [{ name: 'warehouses/1', displayName: '=東' }], nextPageToken: 'x' },
      listPlaces: ({ warehouse }) => ({ places: [{ name: `places/${warehouse.at(-1)}` }] }),
      listProducts: () => ({ products: [{ name: 'products/1', pictureHash: 'ab' }, { name: 'products/2' }] }),
      getProductPicture: () => ({ product: 'products/1', image: new Uint8Array([1, 2, 3]), mediaType: 'image/png' }),
    });
    router.service(AllocationService, { listRuns: denied, listLines: ({ run }) => ({ lines: run ? [] : [{ name: 'lines/own' }] }) });
  });
  const { files, manifest, last } = await take(transport);
  expect(files.get('stock.ListWarehouses.ndjson')!.trim().split('\n').map((line) => JSON.parse(line).name)).toEqual(['warehouses/1', 'warehouses/2']);
  expect(files.get('stock.ListWarehouses.csv')).toContain('"西,倉庫"');
  expect(files.get('stock.ListWarehouses.csv'), 'no formula').toContain("'=東");
  expect(files.get('stock.ListPlaces.ndjson')!.trim().split('\n')).toHaveLength(2);
  expect(files.has('files/stock.GetProductPicture/products-1.png')).toBe(true);
  expect(JSON.parse(files.get('stock.GetProductPicture.ndjson')!)).toEqual({ product: 'products/1', mediaType: 'image/png' });
  expect(files.get('allocation.ListLines.ndjson'), 'who may see no runs gets their own lines').toContain('lines/own');
  expect(manifest.not_taken).toContainEqual({ call: 'allocation.ListRuns', of: {}, reason: 'PermissionDenied' });
  expect(manifest.files.find((file: { path: string }) => file.path === 'stock.ListPlaces.ndjson')).toMatchObject({ rows: 2, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(last).toMatchObject({ rows: 7 });
});

test('it stops when it is told to', async () => {
  const controller = new AbortController();
  const transport = createRouterTransport((router) => {
    router.service(StockService, {
      listWarehouses: () => {
        controller.abort();
        return { warehouses: [], nextPageToken: 'more' };
      },
    });
  });
  await expect(take(transport, controller.signal)).rejects.toThrow();
});
