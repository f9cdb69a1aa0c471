// The practice warehouse: a few made-up goods and a small ledger, all in this page's memory. It answers through a transport of its own that
// leads nowhere else, so nothing that is pressed in the practice can reach the network; when the page is left, it is gone.
import { create } from '@bufbuild/protobuf';
import { anyPack, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, createRouterTransport } from '@connectrpc/connect';

import { clientsOf, type Clients } from '../../api/clients';
import { newId } from '../../api/load.svelte';
import { ErrorInfoSchema, LocalizedMessageSchema } from '../../gen/google/rpc/error_details_pb';
import { StatusSchema } from '../../gen/google/rpc/status_pb';
import { AllocationService, LineState } from '../../gen/kubari/allocation/v1/allocation_pb';
import { DonorsService, OfferSchema, OfferState, type Offer } from '../../gen/kubari/donors/v1/donors_pb';
import { GroupsService } from '../../gen/kubari/groups/v1/groups_pb';
import { LotSchema, PlaceKind, PlaceSchema, ProductSchema, WarehouseSchema, type Lot, type Place, type Product } from '../../gen/kubari/stock/v1/catalogue_pb';
import type { MovementRequest } from '../../gen/kubari/stock/v1/ledger_pb';
import { StockService } from '../../gen/kubari/stock/v1/stock_pb';
import { StocktakesService, StocktakeState, type RecordCountRequest } from '../../gen/kubari/stock/v1/stocktakes_pb';
import { DateKind, FoodCategory, TemperatureZone } from '../../gen/kubari/type/v1/food_pb';
import { readCode } from '../../scan/code';

/** What things are called in the language of the moment. */
export interface PracticeNames {
  warehouse: string;
  rice: string;
  curry: string;
  tea: string;
  donor: string;
  offer: string;
  group: string;
  stocktake: string;
  /** Sentences of refusals, as a service gives them. */
  tooMany: Record<'ja' | 'en', string>;
  reversed: Record<'ja' | 'en', string>;
}

interface Row {
  lot: string;
  place: string;
  onHand: bigint;
  reserved: bigint;
}
/** What a movement did, to be able to undo it. */
interface Done {
  rows: { lot: string; place: string; items: bigint }[];
  offerLine?: string;
  reservation?: string;
  items: bigint;
  reversed: boolean;
}

class Refused extends Error {
  constructor(
    readonly reason: string,
    readonly sentence: Record<'ja' | 'en', string>,
  ) {
    super(reason);
  }
}

const name = (collection: string, n: number) => `${collection}/00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
export const WAREHOUSE = name('warehouses', 1);
/** Without its collection, as an address has it. */
export const DELIVERY = name('deliveries', 1).split('/')[1];
/** The code on the box of the guided scan, and on what lies on the shelf. GS1 prefix 952 is set aside for examples. */
export const RICE_GTIN = '09520000009014';
export const CURRY_GTIN = '09520000009021';
export const TEA_GTIN = '09520000009038';

export class PracticeWarehouse {
  readonly api: Clients;
  /** "2027-03": so many months from now. */
  #month(ahead: number): string {
    const day = new Date();
    day.setDate(1);
    day.setMonth(day.getMonth() + ahead);
    return day.toISOString().slice(0, 7);
  }

  #places: Place[];
  #products: Map<string, Product>;
  #lots: Map<string, Lot>;
  #rows: Row[] = [];
  #offer: Offer;
  #line = { items: 12n, shipped: 0n };
  #counts: { lot: string; place: string; items: bigint; name: string; request: RecordCountRequest }[] = [];
  #done = new Map<string, Done>();
  #answers = new Map<string, unknown>();
  #position = 0n;

  constructor(readonly names: PracticeNames) {
    const shelf = (n: number, code: string, temperatureZone: TemperatureZone) =>
      create(PlaceSchema, { name: name('places', n), kind: PlaceKind.SHELF, warehouse: WAREHOUSE, code, temperatureZone, displayName: `${names.warehouse} ${code}` });
    this.#places = [shelf(1, 'A-01', TemperatureZone.AMBIENT), shelf(2, 'A-02', TemperatureZone.AMBIENT), shelf(3, 'R-01', TemperatureZone.CHILLED)];
    const product = (n: number, displayName: string, gtin: string, category: FoodCategory, itemsPerCase: bigint, itemGrams: bigint) =>
      create(ProductSchema, { name: name('products', n), gtin, displayName, category, itemGrams, itemsPerCase, temperatureZone: TemperatureZone.AMBIENT });
    const rice = product(1, names.rice, RICE_GTIN, FoodCategory.RICE, 24n, 200n);
    const curry = product(2, names.curry, CURRY_GTIN, FoodCategory.RETORT, 30n, 180n);
    const tea = product(3, names.tea, TEA_GTIN, FoodCategory.DRINK, 12n, 525n);
    this.#products = new Map([rice, curry, tea].map((one) => [one.name, one]));

    const early = this.#lot(curry, newCode(), this.#month(4));
    const late = this.#lot(curry, newCode(), this.#month(9));
    const bottles = this.#lot(tea, newCode(), this.#month(6));
    this.#lots = new Map([early, late, bottles].map((one) => [one.name, one]));
    this.#rows = [
      { lot: early.name, place: name('places', 1), onHand: 40n, reserved: 12n },
      { lot: late.name, place: name('places', 2), onHand: 60n, reserved: 0n },
      { lot: bottles.name, place: name('places', 2), onHand: 36n, reserved: 0n },
    ];
    this.#offer = create(OfferSchema, {
      name: name('offers', 1),
      donor: name('donors', 1),
      donorDisplayName: names.donor,
      code: 'P-1',
      title: names.offer,
      state: OfferState.ACCEPTED,
      readyDate: new Date().toISOString().slice(0, 10),
      warehouse: WAREHOUSE,
      lines: [
        {
          name: `${name('offers', 1)}/lines/${name('x', 1).split('/')[1]}`,
          product: rice.name,
          productDisplayName: rice.displayName,
          cases: 2n,
          acceptedCases: 2n,
          itemsPerCase: 24n,
          goodUntil: { kind: DateKind.BEST_BEFORE, date: this.#month(8) },
          temperatureZone: TemperatureZone.AMBIENT,
        },
      ],
    });
    this.api = clientsOf(this.#transport());
  }

  #lot(product: Product, code: string, date: string, more: { donorLotNumber?: string; offerLine?: string } = {}): Lot {
    const { displayName: productDisplayName, gtin, category, temperatureZone, itemGrams, itemsPerCase } = product;
    const goodUntil = { kind: DateKind.BEST_BEFORE, date };
    return create(LotSchema, {
      ...{ name: `lots/${newId()}`, code, product: product.name, productDisplayName, gtin, category, goodUntil, temperatureZone, itemGrams, itemsPerCase },
      ...{ donor: name('donors', 1), donorDisplayName: this.names.donor, ...more },
    });
  }

  #transport() {
    return createRouterTransport((router) => {
      router.service(StockService, {
        listWarehouses: () => ({ warehouses: [create(WarehouseSchema, { name: WAREHOUSE, code: 'P', displayName: this.names.warehouse })] }),
        listPlaces: () => ({ places: this.#places }),
        listProducts: () => ({ products: [...this.#products.values()] }),
        getProduct: (request) => this.#products.get(request.name)!,
        listMovements: () => ({ movements: [{ name: name('movements', Number(this.#position)), position: this.#position }] }),
        listBalances: () => ({ balances: this.#balances() }),
        listTransfers: () => ({}),
        getStockRules: () => ({ minRemainingDaysIntake: 30, nearExpiryDays: 30, unconfirmedDays: 3, transitDays: 3 }),
        createProduct: (request) => this.#once(request.requestId, () => this.#createProduct({ ...request.product!, name: `products/${request.productId}` })),
        recordMovements: ({ requests }) => ({ outcomes: requests.map((request) => this.#outcome(request)) }),
      });
      router.service(DonorsService, { listOffers: () => ({ offers: [this.#offer] }), listDonors: () => ({ donors: [{ name: this.#offer.donor, displayName: this.names.donor }] }) });
      router.service(GroupsService, { listGroups: () => ({ groups: [{ name: name('groups', 1), displayName: this.names.group }] }) });
      router.service(AllocationService, { getPickList: () => ({ deliveries: this.#deliveries() }) });
      router.service(StocktakesService, {
        listStocktakes: () => ({ stocktakes: [this.#stocktake()] }),
        getStocktake: () => this.#stocktake(),
        listStocktakeLines: () => ({ lines: this.#stocktakeLines() }),
        recordCount: (request) => this.#once(request.requestId, () => this.#count(request)),
        retractCount: (request) => {
          this.#counts = this.#counts.filter((count) => count.name !== request.name);
          return {};
        },
      });
    });
  }

  #once<T>(requestId: string, make: () => T): T {
    if (!this.#answers.has(requestId)) this.#answers.set(requestId, make());
    return this.#answers.get(requestId) as T;
  }

  #createProduct(product: Product): Product {
    this.#products.set(product.name, product);
    return product;
  }

  #balances() {
    return this.#rows
      .filter((row) => row.onHand > 0n)
      .map((row) => ({ lot: this.#lots.get(row.lot), place: this.#places.find((place) => place.name === row.place), onHand: row.onHand, reserved: row.reserved, free: row.onHand - row.reserved }));
  }

  #deliveries() {
    if (this.#line.items <= this.#line.shipped) return [];
    const [row] = this.#rows;
    const lot = this.#lots.get(row.lot)!;
    const place = this.#places.find((one) => one.name === row.place)!;
    const line = {
      ...{ name: 'runs/1/lines/1', state: LineState.ACCEPTED, group: name('groups', 1), groupDisplayName: this.names.group },
      ...{ lot: lot.name, lotCode: lot.code, productDisplayName: lot.productDisplayName, goodUntil: lot.goodUntil, temperatureZone: lot.temperatureZone },
      ...{ place: place.name, placeDisplayName: place.displayName, warehouse: WAREHOUSE, items: this.#line.items, itemsPerCase: lot.itemsPerCase },
      ...{ reservation: name('reservations', 1), delivery: `deliveries/${DELIVERY}`, shippedItems: this.#line.shipped },
    };
    return [{ delivery: `deliveries/${DELIVERY}`, group: name('groups', 1), groupDisplayName: this.names.group, pickUpDueTime: timestampFromMs(Date.now() + 3_600_000), lines: [line] }];
  }

  #stocktake() {
    return { name: name('stocktakes', 1), title: this.names.stocktake, warehouse: WAREHOUSE, warehouseDisplayName: this.names.warehouse, state: StocktakeState.OPEN, places: this.#places, placeCount: this.#places.length };
  }

  #stocktakeLines() {
    return this.#balances().map((balance) => ({ lot: balance.lot, place: balance.place, expectedItems: balance.onHand, reservedItems: balance.reserved }));
  }

  #count(request: RecordCountRequest) {
    const perCase = request.itemsPerCase || this.#lots.get(request.lot)?.itemsPerCase || 1n;
    const count = { lot: request.lot, place: request.place, items: request.cases * perCase + request.looseItems, name: `${request.stocktake}/counts/${newId()}`, request };
    this.#counts.push(count);
    return { counts: [{ name: count.name, items: count.items, actor: PRACTISING, countedTime: request.countedTime }] };
  }

  #outcome(request: MovementRequest) {
    const requestId = request.request.value?.requestId ?? '';
    try {
      return this.#once(requestId, () => {
        const { done, lot } = this.#move(request);
        const movement = `movements/${newId()}`;
        this.#position++;
        this.#done.set(movement, done);
        return { movements: [{ name: movement, position: this.#position }], lot };
      });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const details = [
        anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason: error.reason })),
        ...(['ja', 'en'] as const).map((locale) => anyPack(LocalizedMessageSchema, create(LocalizedMessageSchema, { locale, message: error.sentence[locale] }))),
      ];
      return { error: create(StatusSchema, { code: Code.FailedPrecondition, message: error.sentence.en, details }) };
    }
  }

  #move({ request }: MovementRequest): { done: Done; lot?: Lot } {
    switch (request.case) {
      case 'receive': {
        const { place, items, offerLine, goodUntil, donorLotNumber } = request.value;
        const line = this.#offer.lines.find((one) => one.name === offerLine);
        const product = this.#products.get(line?.product ?? request.value.product)!;
        const lot = this.#lot(product, newCode(), goodUntil?.date ?? line?.goodUntil?.date ?? '', { donorLotNumber, offerLine });
        if (goodUntil) lot.goodUntil = goodUntil;
        this.#lots.set(lot.name, lot);
        if (line) line.receivedItems += items;
        return { done: this.#book([{ lot: lot.name, place, items }], { offerLine, items }), lot };
      }
      case 'transfer': {
        const { lot, fromPlace, toPlace, items } = request.value;
        return { done: this.#book([{ lot, place: fromPlace, items: -items }, { lot, place: toPlace, items }], { items }) };
      }
      case 'issue': {
        const { reservation, items } = request.value;
        if (!reservation) return { done: this.#book([{ lot: request.value.lot, place: request.value.place, items: -items }], { items }) };
        if (items > this.#line.items - this.#line.shipped) throw new Refused('RESERVATION_EXCEEDED', this.names.tooMany);
        const [row] = this.#rows;
        row.reserved -= items;
        this.#line.shipped += items;
        return { done: this.#book([{ lot: row.lot, place: row.place, items: -items }], { reservation, items }) };
      }
      case 'discard': {
        const { lot, place, items } = request.value;
        return { done: this.#book([{ lot, place, items: -items }], { items }) };
      }
      case 'reverse': {
        const before = this.#done.get(request.value.movement);
        if (!before || before.reversed) throw new Refused('ALREADY_REVERSED', this.names.reversed);
        const done = this.#book(before.rows.map((row) => ({ ...row, items: -row.items })), { items: before.items });
        const line = this.#offer.lines.find((one) => one.name === before.offerLine);
        if (line) line.receivedItems -= before.items;
        before.reversed = true;
        return { done };
      }
      default:
        throw new Refused('UNIMPLEMENTED', this.names.reversed);
    }
  }

  /** All rows or none. */
  #book(rows: Done['rows'], more: Pick<Done, 'offerLine' | 'reservation' | 'items'>): Done {
    const rowOf = ({ lot, place }: { lot: string; place: string }) => this.#rows.find((row) => row.lot === lot && row.place === place);
    for (const change of rows) {
      const row = rowOf(change);
      if (change.items < 0n && (row?.onHand ?? 0n) - (more.reservation ? 0n : (row?.reserved ?? 0n)) + change.items < 0n) throw new Refused('INSUFFICIENT_STOCK', this.names.tooMany);
    }
    for (const change of rows) {
      const row = rowOf(change);
      if (row) row.onHand += change.items;
      else this.#rows.push({ lot: change.lot, place: change.place, onHand: change.items, reserved: 0n });
    }
    return { rows, ...more, reversed: false };
  }
}

/** Whose actions the practice's are. */
export const PRACTISING = name('devices', 1);

const LETTERS = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
/** A lot's code: seven letters and the one that completes them. */
function newCode(): string {
  const seven = [...crypto.getRandomValues(new Uint8Array(7))].map((byte) => LETTERS[byte % LETTERS.length]).join('');
  return [...LETTERS].map((letter) => seven + letter).find((code) => readCode(code).code?.lotCode === code)!;
}
