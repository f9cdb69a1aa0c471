// Adds a ledger up again, movement by movement, and names what does not hold. It knows the feed alone and shares nothing with the services.
import { equals } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';

import { LotSchema, PlaceKind, type Lot } from '../../gen/kubari/stock/v1/catalogue_pb';
import { MovementKind, type Movement } from '../../gen/kubari/stock/v1/ledger_pb';
import type { FeedEntry } from '../../gen/kubari/stock/v1/stock_pb';

/** What is checked, in the order in which it is told. */
export const rules = ['position', 'time', 'id', 'hash', 'request', 'places', 'lot', 'reversal', 'reservation', 'stock', 'delivery', 'transfer', 'shelves'] as const;
export type Rule = (typeof rules)[number];

export interface Finding {
  /** undefined: of the whole, not of one movement. */
  position?: bigint;
  rule: Rule;
  /** Numbers and names that show it: {there: -3}. */
  facts: Record<string, string | bigint>;
}

export interface Balance {
  onHand: bigint;
  reserved: bigint;
}

const { SHELF, DONOR, DELIVERY, GROUP, TRANSIT, WASTE, ADJUSTMENT, WORKSHOP } = PlaceKind;

// Between which kinds of places each kind of movement goes; undefined: it is a kind that this version does not know.
const ways: Partial<Record<MovementKind, [PlaceKind, PlaceKind][]>> = {
  [MovementKind.RECEIVE]: [[DONOR, SHELF]],
  [MovementKind.TRANSFER]: [[SHELF, SHELF]],
  [MovementKind.RESERVE]: [[SHELF, SHELF]],
  [MovementKind.VOID]: [[SHELF, SHELF]],
  [MovementKind.EXPIRE]: [[SHELF, SHELF]],
  [MovementKind.ISSUE]: [[SHELF, DELIVERY]],
  [MovementKind.CONFIRM]: [[DELIVERY, GROUP]],
  [MovementKind.SHORTAGE]: [[DELIVERY, ADJUSTMENT], [TRANSIT, ADJUSTMENT]],
  [MovementKind.DISCARD]: [[SHELF, WASTE], [GROUP, WASTE]],
  [MovementKind.REFUSE]: [[DONOR, DONOR]],
  [MovementKind.SEND]: [[SHELF, TRANSIT]],
  [MovementKind.ARRIVE]: [[TRANSIT, SHELF]],
  [MovementKind.DIRECT]: [[DONOR, DELIVERY]],
  [MovementKind.PASS_ON]: [[GROUP, DELIVERY]],
  [MovementKind.RETURN]: [[DELIVERY, SHELF], [GROUP, SHELF], [SHELF, DONOR]],
  [MovementKind.ADJUST]: [[ADJUSTMENT, SHELF], [SHELF, ADJUSTMENT]],
  [MovementKind.CONSUME]: [[SHELF, WORKSHOP]],
  [MovementKind.PRODUCE]: [[WORKSHOP, SHELF]],
};
// Nothing moves: only what is promised changes, or a refusal is on record.
const stays = new Set([MovementKind.RESERVE, MovementKind.VOID, MovementKind.EXPIRE, MovementKind.REFUSE]);
// What stands there cannot be less than nothing. Donors, adjustment and workshops give and take.
const real = new Set([SHELF, DELIVERY, GROUP, TRANSIT, WASTE]);

// What of a movement is needed later.
type Kept = Pick<Movement, 'position' | 'kind' | 'lot' | 'fromPlace' | 'toPlace' | 'items' | 'effectKind' | 'effectItems' | 'delivery' | 'group' | 'operation'>;
interface Reservation {
  lot: string;
  place: string;
  group: string;
  delivery: string;
  open: bigint;
}

export class Books {
  next = 0n;
  /** "lots/… places/…" */
  readonly balances = new Map<string, Balance>();
  readonly #network: string;
  readonly #nameAt: (position: bigint) => string;
  readonly #note: (finding: Finding) => void;
  readonly #movements = new Map<string, Kept>();
  readonly #undone = new Set<string>();
  readonly #requests = new Set<string>();
  readonly #places = new Map<string, PlaceKind>();
  readonly #lots = new Map<string, Lot>();
  readonly #reservations = new Map<string, Reservation>();
  readonly #underWay = new Map<string, bigint>();
  readonly #groupOf = new Map<string, string>();
  #lastRequest = '';
  #lastActor = '';
  #lastRecorded: Timestamp | undefined;
  #at = 0n;

  /** `network`: its UUID; `nameAt`: of movementNames. */
  constructor(network: string, nameAt: (position: bigint) => string, note: (finding: Finding) => void) {
    this.#network = network;
    this.#nameAt = nameAt;
    this.#note = note;
  }

  get network(): string {
    return this.#network;
  }

  /** In the order of positions. `fits`: the leaf hash, recomputed, is the entry's. */
  add(entry: FeedEntry, fits: boolean): void {
    const movement = entry.movement;
    this.#at = movement?.position ?? this.next;
    if (!movement) return this.#expect(false, 'position', { expected: this.next });
    this.#form(movement, fits);
    this.#request(movement);
    this.#ends(entry, movement);
    this.#lot(entry, movement);
    if (movement.kind === MovementKind.REVERSAL) this.#reversal(entry, movement);
    else {
      this.#expect(movement.effectKind === movement.kind && movement.effectItems === movement.items && !movement.reverses, 'reversal');
      this.#promise(movement);
    }
    this.#balance(movement, movement.fromPlace).onHand -= movement.items;
    this.#balance(movement, movement.toPlace).onHand += movement.items;
    this.#follow(movement);
    for (const place of new Set([movement.fromPlace, movement.toPlace])) this.#stock(movement, place);
    const { position, kind, lot, fromPlace, toPlace, items, effectKind, effectItems, delivery, group, operation } = movement;
    this.#movements.set(movement.name, { position, kind, lot, fromPlace, toPlace, items, effectKind, effectItems, delivery, group, operation });
  }

  isShelf(place: string): boolean {
    return this.#places.get(place) === SHELF;
  }

  #expect(holds: boolean, rule: Rule, facts: Finding['facts'] = {}): void {
    if (!holds) this.#note({ position: this.#at, rule, facts });
  }

  #form(movement: Movement, fits: boolean): void {
    this.#expect(movement.position === this.next, 'position', { expected: this.next });
    this.next = movement.position + 1n;
    this.#expect(fits, 'hash');
    this.#expect(movement.name === this.#nameAt(movement.position) && !this.#movements.has(movement.name), 'id');
    this.#expect(!this.#lastRecorded || !isBefore(movement.recordedTime, this.#lastRecorded), 'time');
    this.#lastRecorded = movement.recordedTime ?? this.#lastRecorded;
  }

  // One request has one effect: what it records stands together, by one person.
  #request(movement: Movement): void {
    const goesOn = movement.requestId === this.#lastRequest;
    this.#expect(movement.requestId !== '' && (goesOn ? movement.actor === this.#lastActor : !this.#requests.has(movement.requestId)), 'request');
    this.#requests.add(movement.requestId);
    this.#lastRequest = movement.requestId;
    this.#lastActor = movement.actor;
  }

  #ends(entry: FeedEntry, movement: Movement): void {
    for (const [place, kind] of [[movement.fromPlace, entry.fromKind], [movement.toPlace, entry.toKind]] as const) {
      const known = this.#places.get(place) ?? kind;
      this.#places.set(place, known);
      this.#expect(known === kind && place !== '', 'places');
    }
    // What is taken back goes the other way.
    const way = [entry.fromKind, entry.toKind];
    if (movement.effectItems < 0n) way.reverse();
    const possible = ways[movement.effectKind];
    this.#expect(movement.fromKind === entry.fromKind && movement.toKind === entry.toKind && movement.items > 0n, 'places');
    this.#expect(possible?.some(([from, to]) => from === way[0] && to === way[1]) ?? false, 'places');
    this.#expect(stays.has(movement.effectKind) === (movement.fromPlace === movement.toPlace), 'places');
  }

  // A lot's facts never change, but for a recall that stops it.
  #lot(entry: FeedEntry, movement: Movement): void {
    const lot = entry.lot && { ...entry.lot, recall: '' };
    this.#expect(lot?.name === movement.lot && lot.code === movement.lotCode, 'lot');
    const known = this.#lots.get(movement.lot);
    if (known && lot) this.#expect(equals(LotSchema, known, lot), 'lot');
    else if (lot) this.#lots.set(movement.lot, lot);
  }

  #reversal(entry: FeedEntry, movement: Movement): void {
    const original = this.#movements.get(movement.reverses);
    if (!original) return this.#expect(false, 'reversal');
    this.#expect(!this.#undone.has(movement.reverses), 'reversal', { of: original.position });
    this.#undone.add(movement.reverses);
    const mirrors =
      movement.fromPlace === original.toPlace &&
      movement.toPlace === original.fromPlace &&
      movement.items === original.items &&
      movement.lot === original.lot &&
      entry.reversedKind === original.kind &&
      movement.effectKind === original.effectKind &&
      movement.effectItems === -original.effectItems &&
      movement.delivery === original.delivery &&
      movement.group === original.group &&
      movement.operation === original.operation &&
      movement.reservation === '';
    this.#expect(mirrors, 'reversal', { of: original.position });
  }

  // What it changes of what is promised.
  #promise(movement: Movement): void {
    const reserves = movement.kind === MovementKind.RESERVE;
    const givesUp = movement.kind === MovementKind.VOID || movement.kind === MovementKind.EXPIRE;
    if (!reserves && !givesUp && !movement.reservation) return;
    this.#expect(reserves || givesUp || movement.kind === MovementKind.ISSUE, 'reservation');
    const shelf = this.#balance(movement, movement.fromPlace);
    const known = this.#reservations.get(movement.reservation);
    if (reserves) {
      shelf.reserved += movement.items;
      this.#expect(!known && movement.reservation !== '', 'reservation');
      this.#reservations.set(movement.reservation, { lot: movement.lot, place: movement.fromPlace, group: movement.group, delivery: movement.delivery, open: movement.items });
      return;
    }
    shelf.reserved -= movement.items;
    if (!known) return this.#expect(false, 'reservation');
    known.open -= movement.items;
    const same = known.lot === movement.lot && known.place === movement.fromPlace && known.group === movement.group && known.delivery === movement.delivery;
    this.#expect(same && known.open >= 0n, 'reservation', { there: known.open });
  }

  // Deliveries and transfers by their effect, so that reversals, and reversals of those, need no rules of their own.
  #follow(movement: Movement): void {
    const { effectKind, effectItems, delivery, lot, operation, group } = movement;
    switch (effectKind) {
      case MovementKind.ISSUE:
      case MovementKind.DIRECT:
      case MovementKind.PASS_ON:
        return this.#delivery(delivery, lot, group, effectItems);
      case MovementKind.CONFIRM:
        return this.#delivery(delivery, lot, group, -effectItems);
      case MovementKind.RETURN:
        return delivery ? this.#delivery(delivery, lot, group, -effectItems) : undefined;
      case MovementKind.SHORTAGE:
        return delivery ? this.#delivery(delivery, lot, group, -effectItems) : this.#transfer(operation, lot, -effectItems);
      case MovementKind.SEND:
        return this.#transfer(operation, lot, effectItems);
      case MovementKind.ARRIVE:
        return this.#transfer(operation, lot, -effectItems);
      default:
        return undefined;
    }
  }

  #delivery(delivery: string, lot: string, group: string, items: bigint): void {
    const known = this.#groupOf.get(delivery) ?? group;
    this.#groupOf.set(delivery, known);
    this.#expect(delivery !== '' && group !== '' && known === group, 'delivery');
    const there = this.#add(`${delivery} ${lot}`, items);
    this.#expect(there >= 0n, 'delivery', { there });
  }

  #transfer(operation: string, lot: string, items: bigint): void {
    const there = this.#add(`${operation} ${lot}`, items);
    this.#expect(operation.startsWith('transfers/') && there >= 0n, 'transfer', { there });
  }

  #add(key: string, items: bigint): bigint {
    const there = (this.#underWay.get(key) ?? 0n) + items;
    this.#underWay.set(key, there);
    return there;
  }

  #stock(movement: Movement, place: string): void {
    const { onHand, reserved } = this.#balance(movement, place);
    const kind = this.#places.get(place)!;
    if (real.has(kind)) this.#expect(onHand >= 0n, 'stock', { there: onHand });
    this.#expect(kind === SHELF ? reserved >= 0n && reserved <= onHand : reserved === 0n, 'stock', { there: onHand, reserved });
  }

  #balance(movement: Movement, place: string): Balance {
    const key = `${movement.lot} ${place}`;
    let balance = this.balances.get(key);
    if (!balance) this.balances.set(key, (balance = { onHand: 0n, reserved: 0n }));
    return balance;
  }
}

function isBefore(time: Timestamp | undefined, other: Timestamp): boolean {
  if (!time) return true;
  return time.seconds < other.seconds || (time.seconds === other.seconds && time.nanos < other.nanos);
}
