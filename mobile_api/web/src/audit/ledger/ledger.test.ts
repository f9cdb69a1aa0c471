import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { beforeEach, describe, expect, test } from 'vitest';

import { session } from '../../api/session.svelte';
import { LotSchema, PlaceKind, type Lot } from '../../gen/kubari/stock/v1/catalogue_pb';
import { MovementKind, MovementSchema, type Movement } from '../../gen/kubari/stock/v1/ledger_pb';
import { FeedEntrySchema, type FeedEntry } from '../../gen/kubari/stock/v1/stock_pb';
import { Role } from '../../gen/kubari/type/v1/access_pb';
import { sessionAs, useNetwork } from '../../testing/network';
import { Books, type Finding } from './books';
import { canonicalText, hex, leafHash, MerkleTree, movementNames, sha256 } from './canonical';
import { ledgerCheck, LedgerCheck } from './check.svelte';

const id = (kind: number, n: number) => `${kind.toString(16).padStart(8, '0')}-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const NETWORK = id(1, 1);
const nameAt = await movementNames(NETWORK);

describe('canonical bytes', () => {
  // The same values are held by the services (services/stock/domain/domain_test.cc) and by libs/ledger_audit.
  const golden = create(MovementSchema, {
    position: 42n,
    name: nameAt(42n),
    kind: MovementKind.REVERSAL,
    lot: `lots/${id(8, 1)}`,
    fromPlace: `places/${id(6, 1)}`,
    toPlace: `places/${id(6, 2)}`,
    items: 12n,
    operation: `transfers/${id(20, 3)}`,
    reverses: nameAt(41n),
    effectKind: MovementKind.SHORTAGE,
    effectItems: -12n,
    reason: 'MISTAKE',
    note: '箱が\n濡れた \\ 全部',
    actor: `people/${id(10, 1)}`,
    occurredTime: { seconds: 1_790_000_000n, nanos: 123_456_000 },
    recordedTime: { seconds: 1_790_000_001n },
    requestId: id(13, 1),
  });

  test('are those of the description, to the byte', async () => {
    expect(canonicalText(golden, NETWORK)).toBe(
      'kubari.movement.v1\nnetwork:00000001-0000-4000-8000-000000000001\nposition:42\nmovement:d57d19d1-bc9e-83d9-8000-00000000002a\n' +
        'kind:REVERSAL\nlot:00000008-0000-4000-8000-000000000001\nfrom:00000006-0000-4000-8000-000000000001\n' +
        'to:00000006-0000-4000-8000-000000000002\nitems:12\nreservation:\ndelivery:\ngroup:\n' +
        'operation:transfers/00000014-0000-4000-8000-000000000003\nreverses:d57d19d1-bc9e-83d9-8000-000000000029\neffect:SHORTAGE\n' +
        'effect_items:-12\nreason:MISTAKE\nnote:箱が\\n濡れた \\\\ 全部\nactor:people/0000000a-0000-4000-8000-000000000001\n' +
        'occurred:1790000000123456\nrecorded:1790000001000000\nhouseholds:0\nmunicipality:\nrequest:0000000d-0000-4000-8000-000000000001\n',
    );
    expect(hex(await leafHash(golden, NETWORK))).toBe('fd2289fc15adbbf29de542686ebb9f968488617e4989f118802ffcb837dc29a7');
  });

  test('movements are named by network and position', () => {
    expect(nameAt(0n)).toBe('movements/d57d19d1-bc9e-83d9-8000-000000000000');
    expect(nameAt(0x1fffffffffffn)).toBe('movements/d57d19d1-bc9e-83d9-8000-1fffffffffff');
    expect(nameAt(1n << 48n)).toBe('movements/d57d19d1-bc9e-83d9-8001-000000000000');
  });

  test('the root of the tree is that of RFC 6962, section 2.1', async () => {
    // The inputs of the test vectors of Certificate Transparency, leaf by leaf, and the roots that it publishes.
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const roots = [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ];
    const tree = new MerkleTree();
    expect(hex(await tree.root())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    for (const [index, input] of inputs.entries()) {
      const bytes = Uint8Array.from(input.match(/../g) ?? [], (pair) => parseInt(pair, 16));
      await tree.add(await sha256(Uint8Array.from([0, ...bytes])));
      expect(hex(await tree.root())).toBe(roots[index]);
    }
  });
});

// Writes a ledger as it should be; tests then change it, with a hash that fits or without.
type Spot = [name: string, kind: PlaceKind];
const spot = (kind: PlaceKind, n = 1): Spot => [`places/${id(6, 100 * n + kind)}`, kind];
const [donor, shelf, other, way, group, waste, adjustment, transit] = [
  spot(PlaceKind.DONOR),
  spot(PlaceKind.SHELF),
  spot(PlaceKind.SHELF, 2),
  spot(PlaceKind.DELIVERY),
  spot(PlaceKind.GROUP),
  spot(PlaceKind.WASTE),
  spot(PlaceKind.ADJUSTMENT),
  spot(PlaceKind.TRANSIT),
];
const rice: Lot = create(LotSchema, { name: `lots/${id(8, 1)}`, code: 'K7M2PQ4', itemGrams: 200n });
const to = (n: number, delivery = n): MessageInitShape<typeof MovementSchema> => ({ group: `groups/${id(7, n)}`, delivery: `deliveries/${id(12, delivery)}` });
const reserved = (n: number) => ({ ...to(1), reservation: `reservations/${id(11, n)}` });
const transfer = { operation: `transfers/${id(21, 1)}` };

class Ledger {
  entries: FeedEntry[] = [];

  add(kind: MovementKind, [fromPlace, fromKind]: Spot, [toPlace, toKind]: Spot, items: number, more: MessageInitShape<typeof MovementSchema> = {}): void {
    const position = BigInt(this.entries.length);
    const movement = create(MovementSchema, {
      name: nameAt(position),
      position,
      kind,
      lot: rice.name,
      lotCode: rice.code,
      fromPlace,
      fromKind,
      toPlace,
      toKind,
      items: BigInt(items),
      effectKind: kind,
      effectItems: BigInt(items),
      actor: `people/${id(10, 1)}`,
      requestId: id(13, Number(position)),
      recordedTime: { seconds: 1000n + position },
      ...more,
    } as MessageInitShape<typeof MovementSchema>);
    this.entries.push(create(FeedEntrySchema, { movement, lot: rice, fromKind, toKind }));
  }

  reverse(position: number): void {
    const o = this.entries[position].movement!;
    this.add(MovementKind.REVERSAL, [o.toPlace, o.toKind], [o.fromPlace, o.fromKind], Number(o.items), {
      reverses: o.name,
      effectKind: o.effectKind,
      effectItems: -o.effectItems,
      delivery: o.delivery,
      group: o.group,
      operation: o.operation,
    });
    this.entries.at(-1)!.reversedKind = o.kind;
  }

  movement(position: number): Movement {
    return this.entries[position].movement!;
  }

  async sign(): Promise<this> {
    for (const { movement } of this.entries) movement!.leafHash = await leafHash(movement!, NETWORK);
    return this;
  }

  async findings(): Promise<Finding[]> {
    const found: Finding[] = [];
    const books = new Books(NETWORK, nameAt, (finding) => found.push(finding));
    for (const entry of this.entries) books.add(entry, hex(await leafHash(entry.movement!, NETWORK)) === hex(entry.movement!.leafHash));
    return found;
  }
}

async function everything(): Promise<Ledger> {
  const ledger = new Ledger();
  ledger.add(MovementKind.RECEIVE, donor, shelf, 100); // 0
  ledger.add(MovementKind.REFUSE, donor, donor, 5); // 1
  ledger.add(MovementKind.TRANSFER, shelf, other, 20); // 2
  ledger.add(MovementKind.RESERVE, shelf, shelf, 30, reserved(1)); // 3
  ledger.add(MovementKind.ISSUE, shelf, way, 20, reserved(1)); // 4
  ledger.add(MovementKind.VOID, shelf, shelf, 4, reserved(1)); // 5
  ledger.add(MovementKind.EXPIRE, shelf, shelf, 6, reserved(1)); // 6
  ledger.add(MovementKind.RETURN, way, shelf, 2, to(1)); // 7
  ledger.add(MovementKind.SHORTAGE, way, adjustment, 1, to(1)); // 8
  ledger.add(MovementKind.CONFIRM, way, group, 17, to(1)); // 9
  ledger.add(MovementKind.DISCARD, group, waste, 1, { group: `groups/${id(7, 1)}` }); // 10
  ledger.add(MovementKind.SEND, shelf, transit, 12, transfer); // 11
  ledger.add(MovementKind.ARRIVE, transit, other, 10, transfer); // 12
  ledger.add(MovementKind.SHORTAGE, transit, adjustment, 2, transfer); // 13
  ledger.add(MovementKind.ADJUST, adjustment, shelf, 8); // 14
  ledger.add(MovementKind.DISCARD, shelf, waste, 3); // 15
  ledger.reverse(15); // 16
  ledger.reverse(16); // 17
  return ledger.sign();
}

describe('the books', () => {
  test('a ledger with every kind of movement holds, and so does an empty one', async () => {
    expect(await (await everything()).findings()).toEqual([]);
    expect(await new Ledger().findings()).toEqual([]);
  });

  // Each change alone; the first row that does not hold is named, with the rule that it breaks. Signed: with hashes that fit what was forged.
  const tampering: [string, boolean, (ledger: Ledger) => void, number, Finding['rule']][] = [
    ['a changed quantity', false, (l) => (l.movement(15).items = 2n), 15, 'hash'],
    ['a changed note', false, (l) => (l.movement(15).note = 'x'), 15, 'hash'],
    ['a changed operation', false, (l) => (l.movement(11).operation = ''), 11, 'hash'],
    ['a missing row', false, (l) => l.entries.splice(2, 1), 3, 'position'],
    ['a row twice', false, (l) => l.entries.splice(2, 0, l.entries[2]), 2, 'position'],
    ['another id', true, (l) => (l.movement(15).name = `movements/${id(9, 9)}`), 15, 'id'],
    ['a time that goes back', true, (l) => (l.movement(14).recordedTime!.seconds = 5n), 14, 'time'],
    ['a shelf below zero', true, (l) => (l.movement(2).items = l.movement(2).effectItems = 200n), 2, 'stock'],
    ['promised goods that are taken away', true, (l) => (l.movement(11).items = l.movement(11).effectItems = 64n), 11, 'stock'],
    ['more that arrives than was sent', true, (l) => (l.movement(12).items = l.movement(12).effectItems = 13n), 12, 'transfer'],
    ['more that is confirmed than was issued', true, (l) => (l.movement(9).items = l.movement(9).effectItems = 18n), 9, 'delivery'],
    ['one delivery for two groups', true, (l) => (l.movement(9).group = `groups/${id(7, 2)}`), 9, 'delivery'],
    ['no transfer', true, (l) => (l.movement(11).operation = ''), 11, 'transfer'],
    ['another way', true, (l) => (l.movement(14).kind = l.movement(14).effectKind = MovementKind.RECEIVE), 14, 'places'],
    ['an unknown kind', true, (l) => (l.movement(14).kind = l.movement(14).effectKind = 99 as MovementKind), 14, 'places'],
    ['a place that changes its kind', false, (l) => (l.entries[14].toKind = l.movement(14).toKind = PlaceKind.GROUP), 14, 'places'],
    ['nothing that moves', true, (l) => (l.movement(1).items = l.movement(1).effectItems = 0n), 1, 'places'],
    ['a lot that changes its facts', false, (l) => (l.entries[14].lot = create(LotSchema, { ...rice, itemGrams: 1n })), 14, 'lot'],
    ['another lot', true, (l) => (l.movement(14).lot = `lots/${id(8, 2)}`), 14, 'lot'],
    ['a reservation that is exceeded', true, (l) => (l.movement(4).items = l.movement(4).effectItems = 31n), 4, 'reservation'],
    ['a reservation of another group', true, (l) => (l.movement(5).group = `groups/${id(7, 2)}`), 5, 'reservation'],
    ['no such reservation', true, (l) => (l.movement(5).reservation = `reservations/${id(11, 9)}`), 5, 'reservation'],
    ['an effect of its own', true, (l) => (l.movement(15).effectItems = 30n), 15, 'reversal'],
    ['a reversal of nothing', true, (l) => (l.movement(16).reverses = nameAt(99n)), 16, 'reversal'],
    ['a reversal of less', true, (l) => (l.movement(16).items = 2n), 16, 'reversal'],
    ['a reversal of another delivery', true, (l) => (l.movement(16).delivery = `deliveries/${id(12, 1)}`), 16, 'reversal'],
    ['what is undone twice', true, (l) => l.reverse(15), 18, 'reversal'],
    ['a request twice', true, (l) => (l.movement(14).requestId = id(13, 1)), 14, 'request'],
    ['no request', true, (l) => (l.movement(14).requestId = ''), 14, 'request'],
    ['a request of two people', true, (l) => Object.assign(l.movement(13), { requestId: l.movement(12).requestId, actor: `people/${id(10, 2)}` }), 13, 'request'],
  ];
  test.each(tampering)('%s is found', async (_, signed, tamper, position, rule) => {
    const ledger = await everything();
    tamper(ledger);
    if (signed) await ledger.sign();
    const found = await ledger.findings();
    expect(found.find((finding) => finding.position === BigInt(position))?.rule).toBeDefined();
    expect(found.filter((finding) => finding.position === BigInt(position)).map((finding) => finding.rule)).toContain(rule);
    expect(found.every((finding) => finding.position! >= BigInt(position))).toBe(true);
  });

  test('another network’s ledger does not pass', async () => {
    const ledger = await everything();
    const found: Finding[] = [];
    const books = new Books(id(1, 2), await movementNames(id(1, 2)), (finding) => found.push(finding));
    books.add(ledger.entries[0], hex(await leafHash(ledger.movement(0), id(1, 2))) === hex(ledger.movement(0).leafHash));
    expect(found.map(({ rule }) => rule)).toEqual(['hash', 'id']);
  });
});

describe('the check', () => {
  let entries: FeedEntry[];
  let calls: bigint[];
  let balances: { lot: { name: string }; place: { name: string }; onHand: bigint; reserved: bigint }[];
  beforeEach(async () => {
    localStorage.clear();
    const ledger = await everything();
    entries = ledger.entries;
    calls = [];
    balances = [
      { lot: { name: rice.name }, place: { name: shelf[0] }, onHand: 55n, reserved: 0n },
      { lot: { name: rice.name }, place: { name: other[0] }, onHand: 30n, reserved: 0n },
    ];
    const auditor = sessionAs(Role.AUDITOR);
    auditor.network!.name = `networks/${NETWORK}`;
    session.begin(auditor);
    useNetwork(auditor, {
      stock: {
        readFeed: ({ position }) => {
          calls.push(position);
          return { entries: entries.slice(Number(position), Number(position) + 1000), nextPosition: BigInt(entries.length) };
        },
        listBalances: () => ({ balances }),
      },
    });
  });

  test('reads to the end, compares the shelves, and remembers the root', async () => {
    const check = ledgerCheck();
    await check.run();
    expect([check.state, check.judged, check.findings, check.sound, check.shelves]).toEqual(['done', 18, [], true, 2]);
    const tree = new MerkleTree();
    for (const { movement } of entries) await tree.add(movement!.leafHash);
    expect(check.root).toBe(hex(await tree.root()));
    // Once more on another day: what was there is the same; what is new is judged from where it stood.
    const later = new LedgerCheck(NETWORK);
    expect(later.earlier).toMatchObject({ size: '18', root: check.root });
    await later.run();
    expect([later.unchanged, later.sound]).toEqual([true, true]);
    calls = [];
    await later.run();
    expect(calls).toEqual([18n, 18n]);
  });

  test('finds a history that was rewritten, hashes and all, since the last check', async () => {
    await new LedgerCheck(NETWORK).run();
    entries[8].movement!.reason = 'MISSING';
    entries[8].movement!.leafHash = await leafHash(entries[8].movement!, NETWORK);
    const check = new LedgerCheck(NETWORK);
    await check.run();
    expect([check.findings, check.unchanged, check.sound]).toEqual([[], false, false]);
    // What is not sound is not remembered.
    expect(new LedgerCheck(NETWORK).earlier?.root).not.toBe(check.root);
  });

  test('finds movements that are gone since the last check', async () => {
    await new LedgerCheck(NETWORK).run();
    entries.pop();
    entries.pop();
    balances[0].onHand = 55n;
    const check = new LedgerCheck(NETWORK);
    await check.run();
    expect([check.findings, check.unchanged]).toEqual([[], false]);
  });

  test('finds a shelf whose list says something else', async () => {
    balances[1].onHand = 31n;
    const check = new LedgerCheck(NETWORK);
    await check.run();
    expect(check.findings).toEqual([{ rule: 'shelves', facts: { lot: rice.name, listed: 31n, added: 30n } }]);
    await check.run();
    expect(check.findings).toHaveLength(1);
  });

  test('stops where the network was away, and goes on from there', async () => {
    const check = new LedgerCheck(NETWORK);
    const all = entries;
    useNetwork(session.value!, { stock: { readFeed: () => Promise.reject(new TypeError('Failed to fetch')) } });
    await check.run();
    expect([check.state, check.judged, check.problem !== undefined]).toEqual(['paused', 0, true]);
    useNetwork(session.value!, { stock: { readFeed: ({ position }) => ({ entries: all.slice(Number(position)) }), listBalances: () => ({ balances }) } });
    await check.run();
    expect([check.state, check.judged, check.problem, check.sound]).toEqual(['done', 18, undefined, true]);
  });
});
