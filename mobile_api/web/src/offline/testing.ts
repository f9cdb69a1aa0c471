// For tests of this room: a service that records what really happened, and a phone that can be killed at any step.
import 'fake-indexeddb/auto';

import { create, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createRouterTransport } from '@connectrpc/connect';
import { IDBFactory } from 'fake-indexeddb';

import { clientsOf, type Clients } from '../api/clients';
import { ErrorInfoSchema, LocalizedMessageSchema } from '../gen/google/rpc/error_details_pb';
import { StatusSchema, type Status } from '../gen/google/rpc/status_pb';
import { CreateProductRequestSchema } from '../gen/kubari/stock/v1/catalogue_pb';
import { MovementRequestSchema, SendTransferRequestSchema, type MovementRequest } from '../gen/kubari/stock/v1/ledger_pb';
import { StockService } from '../gen/kubari/stock/v1/stock_pb';
import { RecordCountRequestSchema, StocktakesService } from '../gen/kubari/stock/v1/stocktakes_pb';
import { id } from '../testing/network';
import type { Action, Telling, Wish } from './actions';
import type { World } from './queue.svelte';
import { Queue } from './queue.svelte';
import { IndexedStore, type Change, type NewAction, type Store } from './store';

export const subject = `devices/${id(1)}`;
export const place = `places/${id(2)}`;
export const telling: Telling = { task: 'receive', product: '例のごはん 200g', items: '24' };
export const START = Date.parse('2026-11-21T01:00:00Z');

/** Call before each test: no database is there. */
export function emptyPhone(): void {
  globalThis.indexedDB = new IDBFactory();
}

export const receive = (items: number, more: object = {}): Wish => ({
  method: 'movement',
  request: { request: { case: 'receive', value: { place, donor: `donors/${id(3)}`, product: `products/${id(4)}`, items: BigInt(items), ...more } } },
});

export const discard = (lot: string, items: number): Wish => ({
  method: 'movement',
  request: { request: { case: 'discard', value: { lot, place, items: BigInt(items), reason: 'DAMAGED' } } },
});

export const product = (n: number, gtin = ''): Wish => ({
  method: 'createProduct',
  request: { productId: id(n), product: { displayName: `商品 ${n}`, gtin } },
});

export function refusal(code: Code, reason: string, metadata: Record<string, string> = {}): ConnectError {
  return new ConnectError(reason, code, undefined, [
    { desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { reason, metadata }) },
    { desc: LocalizedMessageSchema, value: create(LocalizedMessageSchema, { locale: 'ja', message: `${reason}です。` }) },
  ]);
}

const status = (code: Code, reason: string): Status =>
  create(StatusSchema, { code, message: reason, details: [anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason }))] });

/** Keeps request ids as the services do: the same id and content is the same answer, the same id and other content is an error. */
export class Service {
  /** What happened, in its order. */
  recorded: { id: string; what: string; request: unknown }[] = [];
  /** Every call that came, with how much was in it. */
  calls: { method: string; size: number }[] = [];
  /** Thrown at the next calls, one each. */
  failures: unknown[] = [];
  /** Refuses single movements. */
  refuse: (request: MovementRequest) => { code: Code; reason: string } | undefined = () => undefined;
  gtins = new Map<string, string>();
  #answers = new Map<string, { content: string; answer: unknown }>();
  #made = 1000;

  readonly api: Clients = clientsOf(
    createRouterTransport((router) => {
      router.service(StockService, {
        recordMovements: ({ requests }) => {
          this.#called('recordMovements', requests.length);
          return { outcomes: requests.map((request) => this.#movement(request)) };
        },
        createProduct: (request) => {
          this.#called('createProduct', 1);
          const name = `products/${request.productId}`;
          const by = this.gtins.get(request.product!.gtin);
          if (by && by !== name) throw refusal(Code.AlreadyExists, 'GTIN_TAKEN', { product: by });
          if (request.product!.gtin) this.gtins.set(request.product!.gtin, name);
          return this.#once(request.requestId, String(toBinary(CreateProductRequestSchema, request)), 'createProduct', request, () => ({ name }));
        },
        sendTransfer: (request) => {
          this.#called('sendTransfer', 1);
          return this.#once(request.requestId, String(toBinary(SendTransferRequestSchema, request)), 'sendTransfer', request, () => ({ movements: request.goods.map(() => ({ name: this.#name('movements') })) }));
        },
      });
      router.service(StocktakesService, {
        recordCount: (request) => {
          this.#called('recordCount', 1);
          return this.#once(request.requestId, String(toBinary(RecordCountRequestSchema, request)), 'recordCount', request, () => ({
            counts: [
              { name: `${request.stocktake}/counts/${id(1)}`, actor: `devices/${id(9)}`, countedTime: request.countedTime },
              { name: `${request.stocktake}/counts/${id(2)}`, actor: subject, countedTime: request.countedTime },
            ],
          }));
        },
        retractCount: (request) => {
          this.#called('retractCount', 1);
          return this.#once(request.requestId, request.name, 'retractCount', request, () => ({}));
        },
      });
    }),
  );

  #called(method: string, size: number): void {
    this.calls.push({ method, size });
    if (this.failures.length > 0) throw this.failures.shift();
  }

  #name(collection: string): string {
    return `${collection}/${id(this.#made++)}`;
  }

  #movement(request: MovementRequest) {
    const { case: kind, value } = request.request;
    const no = this.refuse(request);
    if (no) return { error: status(no.code, no.reason) };
    const content = String(toBinary(MovementRequestSchema, request));
    try {
      return this.#once(value!.requestId, content, kind!, value, () => ({
        movements: [{ name: this.#name('movements') }],
        lot: kind === 'receive' ? { name: this.#name('lots'), code: 'K7M2PQ4A' } : undefined,
      }));
    } catch (error) {
      return { error: status((error as ConnectError).code, 'REQUEST_ID_REUSED') };
    }
  }

  #once<T>(requestId: string, content: string, what: string, request: unknown, make: () => T): T {
    const before = this.#answers.get(requestId);
    if (before && before.content !== content) throw refusal(Code.AlreadyExists, 'REQUEST_ID_REUSED');
    if (before) return before.answer as T;
    const answer = make();
    this.#answers.set(requestId, { content, answer });
    this.recorded.push({ id: requestId, what, request });
    return answer;
  }
}

/** Counts the steps between which a phone may die, and dies at one of them: nothing after it ever happens. */
export class Fuse {
  steps = 0;
  /** Resolves when it has blown. */
  readonly dead: Promise<void>;
  #blow = () => {};

  constructor(readonly at = Infinity) {
    this.dead = new Promise((resolve) => (this.#blow = resolve));
  }

  burn(): Promise<void> {
    if (this.steps++ !== this.at) return Promise.resolve();
    this.#blow();
    return new Promise(() => {});
  }

  get blown(): boolean {
    return this.steps > this.at;
  }
}

class FusedStore implements Store {
  readonly durable = true;
  constructor(
    readonly inner: Store,
    readonly fuse: Fuse,
  ) {}

  async actions() {
    await this.fuse.burn();
    return this.inner.actions();
  }
  async add(action: NewAction) {
    await this.fuse.burn();
    const added = await this.inner.add(action);
    await this.fuse.burn();
    return added;
  }
  async change<T>(decide: (actions: Action[]) => Change<T>) {
    await this.fuse.burn();
    const changed = await this.inner.change(decide);
    await this.fuse.burn();
    return changed;
  }
  tables = () => this.inner.tables();
  writeTables: Store['writeTables'] = (put, remove) => this.inner.writeTables(put, remove);
  clearTables = () => this.inner.clearTables();
  close = () => this.inner.close();
}

/** Every call dies before it reaches the service, or after, or not at all. */
function fused(api: Clients, fuse: Fuse): Clients {
  const wrap = <T extends object>(client: T): T =>
    new Proxy(client, {
      get: (target, method) => async (request: unknown) => {
        await fuse.burn();
        const answer: unknown = await (target[method as keyof T] as (request: unknown) => Promise<unknown>)(request);
        await fuse.burn();
        return answer;
      },
    });
  return { ...api, stock: wrap(api.stock), stocktakes: wrap(api.stocktakes) };
}

export interface Process {
  queue: Queue;
  hope: () => void;
  clock: { now: number; ahead: number };
  store: Store;
  /** After how many milliseconds it would have tried again, each time. */
  pauses: number[];
}

/** The app is opened: a new queue on the database that is there. */
export async function start(service: Service, { fuse = new Fuse(), its = {}, who = subject, store: given }: { fuse?: Fuse; its?: Partial<World>; who?: string; store?: Store } = {}): Promise<Process> {
  const clock = { now: START, ahead: 0 };
  let hope = () => {};
  const pauses: number[] = [];
  const queue = new Queue({
    api: fused(service.api, fuse),
    now: () => clock.now++,
    ahead: () => clock.ahead,
    random: () => 0,
    onHope: (heard) => {
      hope = heard;
      return () => {};
    },
    alone: (_, work) => work(),
    // Nothing happens by itself.
    later: (milliseconds) => {
      pauses.push(milliseconds);
      return () => {};
    },
    channel: () => undefined,
    ...its,
  });
  const store = new FusedStore(given ?? new IndexedStore(`kubari test ${who}`), fuse);
  await queue.open(store, 'test', who);
  return { queue, hope: () => hope(), clock, store, pauses };
}
