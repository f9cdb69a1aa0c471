import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';

import { PlaceKind } from '../gen/kubari/stock/v1/catalogue_pb';
import { MovementKind, MovementSchema, type Movement } from '../gen/kubari/stock/v1/ledger_pb';
import { movements } from '../testing/network';
import { BOX_WIDTH, layOut, type Flow } from './flow';

const all = movements.map((movement) => create(MovementSchema, movement));
const shown = (flow: Flow) => flow.links.map((link) => [PlaceKind[link.from.kind], PlaceKind[link.to.kind], link.items]);

let position = 0;
/** What the place is, by the letters its name begins with. */
function kindOf(place: string): PlaceKind {
  const names: [string, PlaceKind][] = [
    ['donor', PlaceKind.DONOR],
    ['way', PlaceKind.DELIVERY],
    ['g', PlaceKind.GROUP],
    ['waste', PlaceKind.WASTE],
    ['transit', PlaceKind.TRANSIT],
    ['bench', PlaceKind.WORKSHOP],
  ];
  return names.find(([start]) => place.startsWith(start))?.[1] ?? PlaceKind.SHELF;
}
const move = (kind: MovementKind, fromPlace: string, toPlace: string, items: bigint, delivery = '', operation = ''): Movement =>
  create(MovementSchema, {
    name: `movements/${position++}`,
    kind,
    effectKind: kind,
    effectItems: items,
    fromPlace,
    fromKind: kindOf(fromPlace),
    fromDisplayName: fromPlace,
    toPlace,
    toKind: kindOf(toPlace),
    toDisplayName: toPlace,
    items,
    delivery,
    operation,
  });
/** The reversal of a movement, or of so many items of it. */
const undo = (movement: Movement, items = movement.items): Movement =>
  create(MovementSchema, {
    ...move(MovementKind.REVERSAL, movement.toPlace, movement.fromPlace, items, movement.delivery, movement.operation),
    reverses: movement.name,
    effectKind: movement.effectKind,
    effectItems: movement.effectItems < 0n ? items : -items,
  });

test('reversed movements and reservations leave no line', () => {
  const flow = layOut(all);
  expect(shown(flow)).toEqual([
    ['DONOR', 'SHELF', 240n],
    ['SHELF', 'DELIVERY', 72n],
    ['DELIVERY', 'GROUP', 70n],
    ['DELIVERY', 'ADJUSTMENT', 2n],
  ]);
  expect(flow.nodes).toHaveLength(5);
  expect(flow.nodes.find((node) => node.kind === PlaceKind.DELIVERY)?.name).toBe('みどり子ども食堂');
});

test('a reversal in part leaves the rest', () => {
  const issue = move(MovementKind.ISSUE, 'A', 'way', 10n, 'd1');
  expect(shown(layOut([move(MovementKind.RECEIVE, 'donor', 'A', 10n), issue, undo(issue, 4n)]))[1]).toEqual(['SHELF', 'DELIVERY', 6n]);
});

test('the reversal of a reversal brings the line back', () => {
  const receive = move(MovementKind.RECEIVE, 'donor', 'A', 10n);
  const once = undo(receive);
  expect(shown(layOut([receive, once]))).toEqual([]);
  expect(shown(layOut([receive, once, undo(once)]))).toEqual([['DONOR', 'SHELF', 10n]]);
});

test('a hub passes goods on: to the right of it; what comes back goes backwards', () => {
  const flow = layOut([
    move(MovementKind.DIRECT, 'donor', 'way1', 100n, 'd1'),
    move(MovementKind.CONFIRM, 'way1', 'ghub', 100n, 'd1'),
    move(MovementKind.PASS_ON, 'ghub', 'way2', 40n, 'd2'),
    move(MovementKind.CONFIRM, 'way2', 'gsmall', 40n, 'd2'),
    move(MovementKind.RETURN, 'gsmall', 'A', 5n),
  ]);
  const x = (key: string) => flow.nodes.find((node) => node.key === key)!.x;
  const order = ['donor', 'd1', 'ghub', 'd2', 'gsmall'].map(x);
  expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
  expect(shown(flow)).toContainEqual(['GROUP', 'SHELF', 5n]);
});

test('each transfer between warehouses and each transformation is a box of its own', () => {
  const flow = layOut([
    move(MovementKind.RECEIVE, 'donor', 'A', 100n),
    move(MovementKind.SEND, 'A', 'transit', 30n, '', 't1'),
    move(MovementKind.SEND, 'A', 'transit', 20n, '', 't2'),
    move(MovementKind.ARRIVE, 'transit', 'B', 30n, '', 't1'),
    move(MovementKind.CONSUME, 'B', 'bench', 10n, '', 'k1'),
  ]);
  expect(flow.nodes.map((node) => node.key).sort()).toEqual(['A', 'B', 'donor', 'k1', 't1', 't2']);
  for (const link of flow.links) expect(link.from.x).toBeLessThan(link.to.x);
});

test('boxes stand in columns from left to right, inside the drawing, without touching', () => {
  const flow = layOut([
    move(MovementKind.RECEIVE, 'donor', 'A', 100n),
    move(MovementKind.TRANSFER, 'A', 'B', 60n),
    move(MovementKind.ISSUE, 'A', 'way1', 40n, 'd1'),
    move(MovementKind.ISSUE, 'B', 'way2', 30n, 'd2'),
    move(MovementKind.DISCARD, 'B', 'waste', 5n),
    move(MovementKind.CONFIRM, 'way1', 'g1', 40n, 'd1'),
    move(MovementKind.CONFIRM, 'way2', 'g2', 30n, 'd2'),
  ]);
  const x = (key: string) => flow.nodes.find((node) => node.key === key)!.x;
  expect(['donor', 'A', 'B', 'd1', 'g1'].map(x)).toEqual([...new Set(['donor', 'A', 'B', 'd1', 'g1'].map(x))].sort((a, b) => a - b));
  expect(x('waste')).toBe(x('d1'));
  for (const link of flow.links) expect(link.from.x).toBeLessThan(link.to.x);
  for (const node of flow.nodes) {
    expect(node.y).toBeGreaterThanOrEqual(0);
    expect(node.y + node.height).toBeLessThanOrEqual(flow.height + 0.001);
    expect(node.x + BOX_WIDTH).toBeLessThanOrEqual(flow.width);
    for (const other of flow.nodes.filter((one) => one !== node && one.x === node.x)) {
      expect(node.y + node.height <= other.y || other.y + other.height <= node.y).toBe(true);
    }
  }
  const width = (items: bigint) => flow.links.find((link) => link.items === items)!.width;
  expect(width(60n) / width(30n)).toBeCloseTo(2);
});

test('goods sent back and forth between shelves do not loop forever', () => {
  const flow = layOut([
    move(MovementKind.RECEIVE, 'donor', 'A', 10n),
    move(MovementKind.TRANSFER, 'A', 'B', 6n),
    move(MovementKind.TRANSFER, 'B', 'A', 2n),
  ]);
  expect(flow.links).toHaveLength(3);
});

test('many deliveries are folded, and no item is lost by it', () => {
  const list = [move(MovementKind.RECEIVE, 'donor', 'A', 100_000n)];
  for (let i = 1; i <= 200; i++) {
    list.push(move(MovementKind.ISSUE, 'A', `way${i}`, BigInt(i), `d${i}`), move(MovementKind.CONFIRM, `way${i}`, `g${i}`, BigInt(i), `d${i}`));
  }
  const flow = layOut(list);
  const sum = (kind: PlaceKind) => flow.links.filter((link) => link.to.kind === kind).reduce((total, link) => total + link.items, 0n);
  expect(sum(PlaceKind.DELIVERY)).toBe(20_100n);
  expect(sum(PlaceKind.GROUP)).toBe(20_100n);
  expect(flow.nodes.filter((node) => node.kind === PlaceKind.DELIVERY)).toHaveLength(10);
  expect(flow.nodes.find((node) => node.key.startsWith('others') && node.kind === PlaceKind.GROUP)?.folded).toBe(191);
  const lowest = Math.max(...flow.nodes.map((node) => node.y));
  expect(flow.nodes.filter((node) => node.folded > 1).every((node) => node.y === lowest)).toBe(true);
});

test('nothing moved, nothing drawn', () => {
  expect(layOut([])).toMatchObject({ nodes: [], links: [], height: 0 });
});
