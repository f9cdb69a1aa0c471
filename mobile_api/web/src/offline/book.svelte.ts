// What the phone knows of its warehouse: everything that a scan needs, kept on the phone, refreshed when there is signal, and corrected by
// the phone's own actions that the service has not been told yet. Reading it asks nobody.
import { create, fromBinary, toBinary, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';

import type { Clients } from '../api/clients';
import { toProblem, type Problem } from '../api/problem';
import { GetPickListResponseSchema, type Line, type PickDelivery } from '../gen/kubari/allocation/v1/allocation_pb';
import { ListDonorsResponseSchema, ListOffersResponseSchema, OfferState, type Offer, type OfferLine } from '../gen/kubari/donors/v1/donors_pb';
import {
  ListPlacesResponseSchema,
  ListProductsResponseSchema,
  ListWarehousesResponseSchema,
  LotSchema,
  ProductSchema,
  type Lot,
  type Place,
  type Product,
  type Warehouse,
} from '../gen/kubari/stock/v1/catalogue_pb';
import { ListTransfersResponseSchema, TransferState, type ReceiveStockRequestSchema, type Transfer, type TransferLine } from '../gen/kubari/stock/v1/ledger_pb';
import { ListBalancesResponseSchema, StockRulesSchema, type Balance, type StockRules } from '../gen/kubari/stock/v1/stock_pb';
import { ListStocktakeLinesResponseSchema, ListStocktakesResponseSchema, StocktakeState, type Stocktake, type StocktakeLine } from '../gen/kubari/stock/v1/stocktakes_pb';
import type { Code } from '../scan/code';
import type { Action } from './actions';
import { effectsSince, type Effect } from './effects';
import { Products } from './products';
import { queue as everydayQueue, world, type Queue, type World } from './queue.svelte';
import { slim } from './slim';
import type { Store, Table } from './store';

/** One lot at one place, the phone's own actions included. */
export interface Stock {
  /** Its name is "actions/{id}" and its code empty while the receipt that makes it waits: both may be used in wishes. */
  lot: Lot;
  place: Place;
  onHand: bigint;
  reserved: bigint;
  /** onHand − reserved. Below zero if the phone was told of more than there is: the service will judge. */
  free: bigint;
  /** An action that waits has a part in these figures. */
  waiting: boolean;
}

/** An accepted offer's line of which something is still to come. */
export interface Expected {
  offer: Offer;
  line: OfferLine;
  /** accepted − received − refused as far as the phone knows; 0n if all has come and the offer is still open. */
  openItems: bigint;
}

export interface PickLine {
  line: Line;
  /** With its place, if it stands there by the book. */
  stock?: Stock;
  /** Still to be handed out, and handed out by actions of this phone. */
  openItems: bigint;
  doneItems: bigint;
}

export interface PickList {
  delivery: PickDelivery;
  lines: PickLine[];
  openItems: bigint;
}

export interface OpenStocktake {
  stocktake: Stocktake;
  lines: StocktakeLine[];
}

export interface OpenTransfer {
  transfer: Transfer;
  /** It comes to the chosen warehouse. */
  arriving: boolean;
  lines: { line: TransferLine; openItems: bigint }[];
}

export interface Party {
  /** groups/{uuid} or donors/{uuid} */
  name: string;
  displayName: string;
}

export interface Known {
  product?: Product;
  /** The code is that of a case: one scan stands for so many items. 1n otherwise. */
  items: bigint;
  /** The lot that an own label names. */
  lot?: Lot;
  /** What fits the code and stands in the chosen warehouse, first to expire first. */
  stock: Stock[];
  /** Offer lines of this product that are expected here. */
  expected: Expected[];
}

export type Step = 'places' | 'stock' | 'tasks' | 'names' | 'products';

// Lists of a size that no phone should carry are cut; the service knows the rest (book.complete).
const MOST_PRODUCTS = 20_000;
const MOST_BALANCES = 10_000;
const PAGE = 200;
/** What changes while people work, and what hardly ever does. */
const FRESH = 3 * 60_000;
const FRESH_NAMES = 12 * 60 * 60_000;
/** Recalls and dates change balances without a movement. */
const FRESH_BALANCES = 15 * 60_000;
/** After the phone's own actions were recorded: when no more follow for so long. */
const SETTLE = 2_000;

const schemas = {
  warehouses: ListWarehousesResponseSchema,
  products: ListProductsResponseSchema,
  rules: StockRulesSchema,
  // Name, code and display name are all that is kept of either; the contract of groups, with their whole directory, is not loaded for it.
  groups: ListDonorsResponseSchema,
  donors: ListDonorsResponseSchema,
  places: ListPlacesResponseSchema,
  balances: ListBalancesResponseSchema,
  offers: ListOffersResponseSchema,
  picks: GetPickListResponseSchema,
  transfers: ListTransfersResponseSchema,
  stocktakes: ListStocktakesResponseSchema,
} as const;

type Lists = { -readonly [Name in keyof typeof schemas]: MessageShape<(typeof schemas)[Name]> };
type ListName = keyof Lists;

export interface Rights {
  /** May the caller list all groups (free issue), all donors (receipts without an offer)? */
  groups: boolean;
  donors: boolean;
}

export interface BookWorld {
  api: Clients;
  queue: Queue;
  now: () => number;
  onHope: World['onHope'];
  later: World['later'];
  channel: World['channel'];
}

const everyday: BookWorld = { ...world, queue: everydayQueue };
// Where the choice of the warehouse and the lines of open stocktakes are kept.
const CHOSEN = 'chosen';
const LINES = 'lines';
/** Lists of the chosen warehouse. */
const inWarehouse = ['places', 'balances', 'offers', 'picks', 'transfers', 'stocktakes'] as const;

export class Book {
  /** warehouses/{uuid} that was chosen on this phone; empty: none yet. Change it with `choose`. */
  warehouse = $state('');
  /** When the service was last asked what stands in the chosen warehouse: milliseconds by the phone's clock. Undefined: never yet. */
  age = $state<number>();
  /** What is being fetched, while it is; `count`: so many entries have come. */
  loading = $state.raw<{ step: Step; count: number }>();
  /** Why the last refresh did not come to its end. */
  problem = $state.raw<Problem>();
  /** Something was cut, as it is too much for a phone. */
  complete = $state(true);
  /** The kept lists have been read from the disk. */
  opened = $state(false);

  #world: BookWorld = everyday;
  #lists = $state.raw<Partial<Lists>>({});
  /** By stocktakes/{uuid}. */
  #lines = $state.raw<Record<string, StocktakeLine[]>>({});
  #store?: Store;
  #rights: Rights = { groups: false, donors: false };
  /** When each list was asked for. */
  #at: Partial<Record<ListName, number>> = {};
  /** Of the newest movement when the balances were asked for. */
  #position = '';
  #turn = 0;
  #refreshing?: Promise<void>;
  #stopWaiting = () => {};
  #stop: (() => void)[] = [];
  #channel?: ReturnType<World['channel']>;

  constructor(its: Partial<BookWorld> = {}) {
    this.#world = { ...everyday, ...its };
  }

  // What it knows ------------------------------------------------------------------------------------------------------------------

  /** Everything that a scan needs is here: the phone may go where there is no signal. */
  ready: boolean = $derived(this.age !== undefined && this.#lists.products !== undefined);
  warehouses: Warehouse[] = $derived(this.#lists.warehouses?.warehouses ?? []);
  /** Groups that may be handed goods now (active, agreement in force); empty if the role may not choose one. */
  groups: Party[] = $derived((this.#lists.groups?.donors ?? []).map(partyOf));
  /** All of them if the role may list them, else those of the goods that are here or expected. */
  donors: Party[] = $derived(this.#lists.donors?.donors.map(partyOf) ?? donorsIn(this.#lists));
  rules: StockRules | undefined = $derived(this.#lists.rules);

  #places = $derived(new Map((this.#lists.places?.places ?? []).map((place) => [place.name, place])));
  #products = $derived(new Products(this.#lists.products?.products ?? []));
  #productsMadeHere = $derived(new Products(productsOf(this.#world.queue.actions)));
  #picks = $derived(
    new Map((this.#lists.picks?.deliveries ?? []).flatMap((delivery) => delivery.lines.map((line) => [line.reservation, line] as const))),
  );
  #own: { action: Action; effects: Effect[] }[] = $derived(
    effectsSince(this.age ?? Infinity, this.#world.queue.actions, {
      reserved: (reservation) => this.#picks.get(reservation),
      lotFor: (receipt) => lotFor(this.#lists.balances?.balances ?? [], receipt),
    }),
  );
  /** As the service told, sorted and found once; and the few rows that are otherwise by the phone's own actions. */
  #told = $derived(new Rows(this.#lists.balances?.balances ?? []));
  #otherwise: Map<string, Stock> = $derived(this.#stockOtherwise());
  /** Everything in the chosen warehouse, first to expire first; the phone's own actions included. */
  stock: Stock[] = $derived(this.#now(this.#told.all, () => true));
  #settled = $derived(sums(this.#own.flatMap(({ effects }) => effects)));
  /** What is to arrive in the chosen warehouse by accepted offers, by the day from which it can be had. */
  expected: Expected[] = $derived(
    (this.#lists.offers?.offers ?? [])
      .slice()
      .sort((a, b) => a.readyDate.localeCompare(b.readyDate))
      .flatMap((offer) =>
        offer.lines
          .filter((line) => line.acceptedCases > 0n)
          .map((line) => ({ offer, line, openItems: atLeast0(line.acceptedCases * line.itemsPerCase - line.receivedItems - this.#settledFor(line.name)) })),
      ),
  );
  #expectedByProduct = $derived(groupBy(this.expected, (one) => one.line.product));

  /** The lists below are those of the chosen warehouse; of another one the phone knows nothing. */
  #here(warehouse: string): boolean {
    return warehouse === this.warehouse;
  }

  places(warehouse: string = this.warehouse): Place[] {
    return this.#here(warehouse) ? (this.#lists.places?.places ?? []) : [];
  }

  /** Deliveries to be handed out, first due first; those that this phone has handed out wholly stay until the service has heard of it. */
  pickLists(warehouse: string = this.warehouse): PickList[] {
    if (!this.#here(warehouse)) return [];
    return (this.#lists.picks?.deliveries ?? []).map((delivery) => {
      const lines = delivery.lines.map((line) => {
        const own = this.#settledFor(line.reservation);
        const openItems = atLeast0(line.items - line.shippedItems - own);
        return { line, stock: this.#otherwise.get(shelfKey(line.lot, line.place)) ?? this.#told.byShelf.get(shelfKey(line.lot, line.place)), openItems, doneItems: line.shippedItems + own };
      });
      return { delivery, lines, openItems: lines.reduce((sum, line) => sum + line.openItems, 0n) };
    });
  }

  stocktakes(warehouse: string = this.warehouse): OpenStocktake[] {
    if (!this.#here(warehouse)) return [];
    return (this.#lists.stocktakes?.stocktakes ?? []).map((stocktake) => ({ stocktake, lines: this.#lines[stocktake.name] ?? [] }));
  }

  transfers(warehouse: string = this.warehouse): OpenTransfer[] {
    if (!this.#here(warehouse)) return [];
    return (this.#lists.transfers?.transfers ?? []).map((transfer) => ({
      transfer,
      arriving: transfer.toWarehouse === warehouse,
      lines: transfer.lines.map((line) => ({
        line,
        openItems: atLeast0(line.sentItems - line.arrivedItems - line.shortItems - this.#settledFor(`${transfer.name} ${line.lot?.name}`)),
      })),
    }));
  }

  /** products/{uuid} */
  product(name: string): Product | undefined {
    return this.#products.byName.get(name) ?? this.#productsMadeHere.byName.get(name);
  }

  /** What stands at one shelf, or how much of one lot stands where. */
  stockAt(place: string): Stock[] {
    return this.stock.filter((row) => row.place.name === place);
  }

  stockOf(lot: string): Stock[] {
    return this.stock.filter((row) => row.lot.name === lot);
  }

  /** Products with `query` in their name, kana, maker or number; for those who type. */
  findProducts(query: string, most = 20): Product[] {
    return [...this.#productsMadeHere.find(query, most), ...this.#products.find(query, most)].slice(0, most);
  }

  /** What the phone knows of a code. Mirrors StockService.LookUpCode, for the chosen warehouse. */
  lookUp(code: Code): Known {
    const own = code.lotCode ? this.#now(this.#told.byCode.get(code.lotCode) ?? [], (row) => row.lot.code === code.lotCode) : [];
    if (own.length > 0 && (!code.gtin || own[0].lot.gtin === code.gtin)) {
      const { lot } = own[0];
      return { product: this.product(lot.product), items: 1n, lot, stock: own, expected: this.#expectedByProduct.get(lot.product) ?? [] };
    }
    const found = code.gtin ? (this.#products.byCode(code.gtin) ?? this.#productsMadeHere.byCode(code.gtin)) : undefined;
    if (!found) return { items: 1n, stock: [], expected: [] };
    const { product, isCase } = found;
    const fits = ({ lot }: Stock) =>
      (!code.donorLotNumber || lot.donorLotNumber === code.donorLotNumber) && (!code.goodUntil?.date || lot.goodUntil?.date === code.goodUntil.date);
    return {
      product,
      // A logistic unit says how many of its trade items it holds.
      items: BigInt(code.sscc && code.count ? code.count : 1) * (isCase ? product.itemsPerCase : 1n),
      stock: this.#now(this.#told.byProduct.get(product.name) ?? [], (row) => row.lot.product === product.name).filter(fits),
      expected: this.#expectedByProduct.get(product.name) ?? [],
    };
  }

  #settledFor(what: string): bigint {
    return this.#settled.get(what) ?? 0n;
  }

  /** Of the rows that the service told those that are there now, and what has come to them; `mine`: such rows are wanted. */
  #now(told: Stock[], mine: (row: Stock) => boolean): Stock[] {
    if (this.#otherwise.size === 0) return told;
    const rows = told.filter((row) => !this.#otherwise.has(shelfKey(row.lot.name, row.place.name)));
    const changed = [...this.#otherwise.values()].filter((row) => mine(row) && (row.onHand !== 0n || row.reserved !== 0n));
    return changed.length > 0 ? [...rows, ...changed].sort(firstToExpire) : rows;
  }

  #stockOtherwise(): Map<string, Stock> {
    const rows = new Map<string, Stock>();
    const lots = new Map<string, Lot>();
    const onTheWay = new Map((this.#lists.transfers?.transfers ?? []).flatMap((transfer) => transfer.lines.map(({ lot }) => [lot?.name, lot] as const)));
    for (const { action, effects } of this.#own) {
      for (const effect of effects) {
        const place = this.#places.get(effect.place);
        const lot = lots.get(effect.lot) ?? this.#told.lots.get(effect.lot) ?? onTheWay.get(effect.lot) ?? this.#lotMadeBy(action, effect.lot);
        if (!place || !lot) continue;
        lots.set(lot.name, lot);
        const key = shelfKey(lot.name, place.name);
        const before = rows.get(key) ?? this.#told.byShelf.get(key);
        const onHand = (before?.onHand ?? 0n) + effect.onHand;
        const reserved = (before?.reserved ?? 0n) + effect.reserved;
        rows.set(key, { lot, place, onHand, reserved, free: onHand - reserved, waiting: action.state !== 'done' || (before?.waiting ?? false) });
      }
    }
    return rows;
  }

  /** A lot that the service has not told of yet, as the receipt that makes it says. */
  #lotMadeBy(action: Action, name: string): Lot | undefined {
    if (action.wish.method !== 'movement' || action.wish.request.request?.case !== 'receive') return undefined;
    const receipt = action.wish.request.request.value;
    const offered = this.expected.find((one) => one.line.name === receipt.offerLine);
    const product = this.product(receipt.product || offered?.line.product || '');
    return create(LotSchema, {
      name,
      code: action.lot?.code ?? '',
      product: product?.name ?? receipt.product ?? '',
      productDisplayName: product?.displayName ?? action.telling.product,
      gtin: product?.gtin,
      category: product?.category,
      goodUntil: receipt.goodUntil ?? offered?.line.goodUntil,
      temperatureZone: product?.temperatureZone,
      donorLotNumber: receipt.donorLotNumber || offered?.line.donorLotNumber,
      donor: receipt.donor || offered?.offer.donor,
      offerLine: receipt.offerLine,
      itemGrams: product?.itemGrams,
      itemsPerCase: offered?.line.itemsPerCase ?? product?.itemsPerCase,
    });
  }

  // Keeping it ---------------------------------------------------------------------------------------------------------------------

  /** Reads what is kept in `store` and begins to keep it fresh. `name` is the same in all tabs that share it. */
  async open(store: Store, name: string, rights: Rights): Promise<void> {
    this.close();
    const turn = this.#turn;
    this.#store = store;
    this.#rights = rights;
    await this.#read();
    if (turn !== this.#turn) return;
    this.opened = true;
    this.#channel = this.#world.channel(`${name} book`);
    // Another tab has asked for all tabs.
    if (this.#channel) this.#channel.onmessage = () => void this.#read();
    this.#stop = [
      this.#world.onHope(() => this.#refreshIfOld()),
      this.#world.queue.onSettled((actions) => {
        if (actions.some((action) => action.state === 'done')) this.#after(SETTLE, () => void this.refresh());
      }),
    ];
    this.#refreshIfOld();
  }

  close(): void {
    this.#turn++;
    this.#stopWaiting();
    for (const stop of this.#stop) stop();
    this.#stop = [];
    this.#channel?.close();
    this.#channel = this.#store = undefined;
    this.#refreshing = undefined;
    this.#forget();
    this.warehouse = '';
    this.opened = false;
  }

  /** Forgets everything that the service can tell again. */
  async clear(): Promise<void> {
    await this.#store?.clearTables();
    this.#forget();
  }

  /** Works in another warehouse from now on; what the phone knows of the former one is dropped. Resolves when the choice is kept; what is
   * in the warehouse comes by `refresh`, which this begins. */
  async choose(warehouse: string): Promise<void> {
    if (warehouse === this.warehouse) return;
    this.#turn++;
    this.#refreshing = undefined;
    this.loading = undefined;
    this.warehouse = warehouse;
    this.age = undefined;
    this.#lists = { ...this.#lists, ...Object.fromEntries(inWarehouse.map((name) => [name, undefined])) };
    const lines = Object.keys(this.#lines).map((stocktake) => `${LINES} ${stocktake}`);
    this.#lines = {};
    for (const name of inWarehouse) delete this.#at[name];
    await this.#write([{ key: CHOSEN, bytes: new TextEncoder().encode(warehouse), at: this.#world.now() }], [...inWarehouse, ...lines]);
    void this.refresh();
  }

  /** Asks the services for what may have changed. Several callers share one refresh; it never throws: see `problem`. `all`: also what hardly
   * ever changes. */
  refresh(all = false): Promise<void> {
    if (!this.#store) return Promise.resolve();
    if (this.#refreshing) return all ? this.#refreshing.then(() => this.refresh(true)) : this.#refreshing;
    const turn = this.#turn;
    this.#refreshing = this.#refresh(turn, all)
      .then(
        () => {
          if (turn === this.#turn) this.problem = undefined;
        },
        (error: unknown) => {
          if (turn === this.#turn) this.problem = toProblem(error);
        },
      )
      .finally(() => {
        if (turn !== this.#turn) return;
        this.#refreshing = undefined;
        this.loading = undefined;
        this.#after(FRESH, () => this.#refreshIfOld());
      });
    return this.#refreshing;
  }

  #refreshIfOld(): void {
    // In a pocket nobody looks; taking the phone out is a new hope.
    if (typeof document !== 'undefined' && document.visibilityState === 'hidden') return;
    if (this.#world.now() - (this.age ?? 0) >= FRESH || !this.ready) void this.refresh();
  }

  #after(milliseconds: number, then: () => void): void {
    this.#stopWaiting();
    this.#stopWaiting = this.#world.later(milliseconds, then);
  }

  async #refresh(turn: number, all: boolean): Promise<void> {
    const { api } = this.#world;
    const isOld = (name: ListName, most = FRESH_NAMES) => all || this.#lists[name] === undefined || this.#world.now() - (this.#at[name] ?? 0) >= most;
    const step = (name: Step) => (count: number) => {
      if (turn === this.#turn) this.loading = { step: name, count };
    };

    if (isOld('warehouses')) {
      step('places')(0);
      const warehouses = await pages((page) => api.stock.listWarehouses(page), (answer) => answer.warehouses.map(slim.warehouse));
      await this.#keep(turn, { warehouses: create(ListWarehousesResponseSchema, { warehouses: warehouses.items }) });
    }
    const { warehouse } = this;
    if (!warehouse || turn !== this.#turn) return;
    if (isOld('places')) {
      const places = await pages((page) => api.stock.listPlaces({ ...page, warehouse }), (answer) => answer.places, { told: step('places') });
      await this.#keep(turn, { places: create(ListPlacesResponseSchema, { places: places.items }) });
    }
    await this.#refreshWarehouse(turn, warehouse, step, isOld('balances', FRESH_BALANCES));
    if (isOld('rules')) await this.#keep(turn, { rules: await api.stock.getStockRules({}) });
    if (this.#rights.groups && isOld('groups')) {
      step('names')(0);
      const { GroupState } = await import('../gen/kubari/groups/v1/groups_pb');
      const groups = await pages((page) => api.groups.listGroups({ ...page, states: [GroupState.ACTIVE], agreementInForce: true }), (answer) => answer.groups.map(partyOf), { told: step('names') });
      await this.#keep(turn, { groups: create(ListDonorsResponseSchema, { donors: groups.items }) });
    }
    if (this.#rights.donors && isOld('donors')) {
      const donors = await pages((page) => api.donors.listDonors(page), (answer) => answer.donors.map(partyOf), { told: step('names') });
      await this.#keep(turn, { donors: create(ListDonorsResponseSchema, { donors: donors.items }) });
    }
    await this.#refreshProducts(turn, isOld('products'), step('products'));
  }

  /** What changes while people work: written and shown all at once, as the phone's own actions are reckoned from its moment on. */
  async #refreshWarehouse(turn: number, warehouse: string, step: (name: Step) => (count: number) => void, balancesAreOld: boolean): Promise<void> {
    const { api } = this.#world;
    const at = this.#world.now();
    step('stock')(0);
    const fresh: Partial<Lists> = {};
    // Where no movement has come since, balances are the same.
    const newest = (await api.stock.listMovements({ pageSize: 1 })).movements[0];
    const position = newest ? String(newest.position) : 'none';
    if (balancesAreOld || position !== this.#position || this.#lists.balances === undefined) {
      const balances = await pages((page) => api.stock.listBalances({ ...page, warehouse }), (answer) => answer.balances.map(slim.balance), { most: MOST_BALANCES, told: step('stock') });
      fresh.balances = create(ListBalancesResponseSchema, { balances: balances.items });
      this.complete = !balances.cut;
    }
    step('tasks')(0);
    const offers = await pages((page) => api.donors.listOffers({ ...page, warehouse, states: [OfferState.ACCEPTED] }), (answer) => answer.offers.map(slim.offer));
    fresh.offers = create(ListOffersResponseSchema, { offers: offers.items });
    fresh.picks = await api.allocation.getPickList({ warehouse });
    const transfers = await pages((page) => api.stock.listTransfers({ ...page, warehouse, state: TransferState.SENT }), (answer) => answer.transfers.map(slim.transfer));
    fresh.transfers = create(ListTransfersResponseSchema, { transfers: transfers.items });
    const open = await pages((page) => api.stocktakes.listStocktakes({ ...page, warehouse, state: StocktakeState.OPEN }), (answer) => answer.stocktakes);
    const stocktakes: Stocktake[] = [];
    const lines: Record<string, StocktakeLine[]> = {};
    for (const { name } of open.items) {
      stocktakes.push(await api.stocktakes.getStocktake({ name }));
      const found = await pages((page) => api.stocktakes.listStocktakeLines({ ...page, stocktake: name }), (answer) => answer.lines.map(slim.line), { most: MOST_BALANCES });
      lines[name] = found.items;
    }
    fresh.stocktakes = create(ListStocktakesResponseSchema, { stocktakes });
    if (turn !== this.#turn) return;
    this.#position = position;
    this.#lines = lines;
    this.age = at;
    await this.#keep(turn, fresh, at, linesTables(lines, at));
    this.#channel?.postMessage('fresh');
  }

  /** Products never change once they are there. So those that are missing are asked for one by one, and all of them twice a day. */
  async #refreshProducts(turn: number, all: boolean, told: (count: number) => void): Promise<void> {
    const { api } = this.#world;
    const named = new Set([
      ...(this.#lists.balances?.balances ?? []).map((balance) => balance.lot?.product ?? ''),
      ...(this.#lists.offers?.offers ?? []).flatMap((offer) => offer.lines.map((line) => line.product)),
      ...this.#world.queue.actions.flatMap((action) => (action.wish.method === 'createProduct' && action.state === 'done' && action.product ? [action.product] : [])),
    ]);
    const missing = [...named].filter((name) => name && !this.#products.byName.has(name));
    if (!all && missing.length === 0) return;
    told(0);
    if (all || missing.length > PAGE / 2) {
      const products = await pages((page) => api.stock.listProducts(page), (answer) => answer.products.map(slim.product), { most: MOST_PRODUCTS, told });
      if (products.cut) this.complete = false;
      await this.#keep(turn, { products: create(ListProductsResponseSchema, { products: products.items }) });
      return;
    }
    const found: Product[] = [];
    for (const name of missing) found.push(slim.product(await api.stock.getProduct({ name })));
    const products = [...(this.#lists.products?.products ?? []), ...found];
    await this.#keep(turn, { products: create(ListProductsResponseSchema, { products }) }, this.#at.products);
  }

  /** Shows fresh lists and writes them to the disk. */
  async #keep(turn: number, fresh: Partial<Lists>, at: number = this.#world.now(), more: Table[] = []): Promise<void> {
    if (turn !== this.#turn) return;
    this.#lists = { ...this.#lists, ...fresh };
    for (const name of Object.keys(fresh) as ListName[]) this.#at[name] = at;
    await this.#write([...(Object.keys(fresh) as ListName[]).flatMap((name) => tableOf(name, fresh, at)), ...more]);
  }

  async #read(): Promise<void> {
    const turn = this.#turn;
    let tables: Table[] = [];
    try {
      tables = (await this.#store?.tables()) ?? [];
    } catch (error) {
      console.warn('What was kept on this device could not be read.', error);
    }
    if (turn !== this.#turn) return;
    const lists: Partial<Lists> = {};
    for (const { key, bytes, at } of tables) {
      if (key === CHOSEN) this.warehouse = new TextDecoder().decode(bytes);
      else if (key.startsWith(`${LINES} `)) this.#lines = { ...this.#lines, [key.slice(LINES.length + 1)]: fromBinary(ListStocktakeLinesResponseSchema, bytes).lines };
      else if (key in schemas) {
        readInto(lists, key as ListName, bytes);
        this.#at[key as ListName] = at;
      }
    }
    this.#lists = lists;
    this.age = lists.offers && this.#at.offers;
  }

  #forget(): void {
    this.#lists = {};
    this.#lines = {};
    this.#at = {};
    this.#position = '';
    this.age = undefined;
    this.problem = undefined;
    this.loading = undefined;
    this.complete = true;
  }

  /** The book goes on without a disk: it can be asked for again. */
  async #write(put: Table[], remove: string[] = []): Promise<void> {
    try {
      await this.#store?.writeTables(put, remove);
    } catch (error) {
      console.warn('What was fetched could not be kept on this device.', error);
    }
  }
}

/** All pages of a list, at most `most` entries. */
async function pages<Answer extends { nextPageToken: string }, T>(
  ask: (page: { pageSize: number; pageToken: string }) => Promise<Answer>,
  read: (answer: Answer) => T[],
  { most = Infinity, told = () => {} }: { most?: number; told?: (count: number) => void } = {},
): Promise<{ items: T[]; cut: boolean }> {
  const items: T[] = [];
  let pageToken = '';
  do {
    const answer = await ask({ pageSize: PAGE, pageToken });
    items.push(...read(answer));
    told(items.length);
    pageToken = answer.nextPageToken;
  } while (pageToken && items.length < most);
  return { items, cut: pageToken !== '' };
}

function tableOf(name: ListName, lists: Partial<Lists>, at: number): Table[] {
  const list = lists[name];
  // Which schema goes with which list is known by the name; the compiler cannot follow it there.
  return list ? [{ key: name, bytes: toBinary(schemas[name] as DescMessage, list), at }] : [];
}

function readInto<Name extends ListName>(lists: Partial<Lists>, name: Name, bytes: Uint8Array): void {
  lists[name] = fromBinary(schemas[name] as DescMessage, bytes) as Lists[Name];
}

const partyOf = ({ name, displayName }: Party): Party => ({ name, displayName });
const shelfKey = (lot: string, place: string): string => `${lot} ${place}`;
const atLeast0 = (value: bigint): bigint => (value > 0n ? value : 0n);

/** What is settled already of each offer line, reservation, and lot of a transfer. */
function sums(effects: Effect[]): Map<string, bigint> {
  const totals = new Map<string, bigint>();
  for (const { offerLine, reservation, transfer, lot, settled = 0n } of effects) {
    const what = offerLine ?? reservation ?? (transfer && `${transfer} ${lot}`);
    if (what) totals.set(what, (totals.get(what) ?? 0n) + settled);
  }
  return totals;
}

function donorsIn(lists: Partial<Lists>): Party[] {
  const donors = new Map<string, string>();
  for (const { lot } of lists.balances?.balances ?? []) if (lot?.donor && lot.donorDisplayName) donors.set(lot.donor, lot.donorDisplayName);
  for (const offer of lists.offers?.offers ?? []) if (offer.donorDisplayName) donors.set(offer.donor, offer.donorDisplayName);
  return [...donors].map(([name, displayName]) => ({ name, displayName })).sort((a, b) => a.displayName.localeCompare(b.displayName, 'ja'));
}

/** Products that were made on this phone and are not given up. */
function productsOf(actions: Action[]): Product[] {
  return actions.flatMap(({ wish, state, product }) =>
    wish.method === 'createProduct' && (state === 'waiting' || state === 'sending' || state === 'done')
      ? [create(ProductSchema, { ...wish.request.product, name: product ?? `products/${wish.request.productId}` })]
      : [],
  );
}

/** The lot of the book into which a receipt will go: the same product, date, origin and donor's number. */
function lotFor(balances: Balance[], receipt: MessageInitShape<typeof ReceiveStockRequestSchema>): string | undefined {
  return balances.find(({ lot }) => {
    if (!lot) return false;
    const sameDate = !receipt.goodUntil || (receipt.goodUntil.kind === lot.goodUntil?.kind && (receipt.goodUntil.date ?? '') === lot.goodUntil?.date);
    if (receipt.offerLine) return lot.offerLine === receipt.offerLine && sameDate && (!receipt.donorLotNumber || receipt.donorLotNumber === lot.donorLotNumber);
    const sameOrigin = !lot.offerLine && lot.product === receipt.product && lot.donor === receipt.donor;
    return sameOrigin && sameDate && (receipt.donorLotNumber ?? '') === lot.donorLotNumber;
  })?.lot?.name;
}

/** Balances, found by everything that a scan may name. */
class Rows {
  readonly all: Stock[];
  readonly byShelf: Map<string, Stock>;
  readonly byProduct: Map<string, Stock[]>;
  readonly byCode: Map<string, Stock[]>;
  readonly lots: Map<string, Lot>;

  constructor(balances: Balance[]) {
    this.all = balances
      .flatMap(({ lot, place, onHand, reserved, free }) => (lot && place ? [{ lot, place, onHand, reserved, free, waiting: false }] : []))
      .sort(firstToExpire);
    this.byShelf = new Map(this.all.map((row) => [shelfKey(row.lot.name, row.place.name), row]));
    this.byProduct = groupBy(this.all, (row) => row.lot.product);
    this.byCode = groupBy(this.all, (row) => row.lot.code);
    this.lots = new Map(this.all.map((row) => [row.lot.name, row.lot]));
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function firstToExpire(a: Stock, b: Stock): number {
  return compare(lastDay(a.lot), lastDay(b.lot)) || compare(a.place.code, b.place.code) || compare(a.lot.code, b.lot.code);
}

/** For sorting: a month is good to its end, what has no date to the end of days. */
function lastDay({ goodUntil }: Lot): string {
  const date = goodUntil?.date ?? '';
  return date.length === 7 ? `${date}-99` : date || '9999';
}

function groupBy<T>(items: T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

const linesTables = (lines: Record<string, StocktakeLine[]>, at: number): Table[] =>
  Object.entries(lines).map(([stocktake, found]) => ({
    key: `${LINES} ${stocktake}`,
    bytes: toBinary(ListStocktakeLinesResponseSchema, create(ListStocktakeLinesResponseSchema, { lines: found })),
    at,
  }));

export const book = new Book();
