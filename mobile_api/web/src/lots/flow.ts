// A lot's path as boxes and lines: donor → shelves → deliveries (and waste) → groups (and what went missing).
// Pure: movements in, coordinates out, in the units of the SVG's viewBox.
import type { Timestamp } from '@bufbuild/protobuf/wkt';

import { PlaceKind } from '../gen/kubari/stock/v1/catalogue_pb';
import { MovementKind, type Movement } from '../gen/kubari/stock/v1/ledger_pb';

export interface Node {
  key: string;
  kind: PlaceKind;
  name: string;
  /** So many deliveries or groups are drawn as this one box; 1 usually. */
  folded: number;
  /** Of a delivery: when it was shipped. */
  time?: Timestamp;
  /** The larger of what came in and what went out. */
  items: bigint;
  x: number;
  y: number;
  height: number;
}

export interface Link {
  from: Node;
  to: Node;
  items: bigint;
  /** SVG path of the line's middle, and how thick it is. */
  path: string;
  width: number;
}

export interface Flow {
  nodes: Node[];
  links: Link[];
  width: number;
  height: number;
}

export const BOX_WIDTH = 212;
const COLUMN_GAP = 56;
const ROW_GAP = 14;
const MIN_BOX_HEIGHT = 52;
// The thickest line: everything that ever went through one box.
const MAX_LINE = 160;
const MIN_LINE = 1.5;
// More deliveries than this are drawn as the largest ones and "others".
const MAX_DELIVERIES = 10;

type Edge = { from: string; to: string; items: bigint };

export function layOut(movements: Movement[]): Flow {
  const nodes = new Map<string, Node>();
  const edges = foldDeliveries(nodes, netEdges(nodes, movements));
  const columns = columnsOf(nodes, edges);
  return place(nodes, edges, columns);
}

/** What went from where to where after all reversals; fills `nodes` with the places that are left. Promises move nothing. */
function netEdges(nodes: Map<string, Node>, movements: Movement[]): Edge[] {
  const edges = new Map<string, Edge>();
  for (const movement of movements) {
    if (movement.fromPlace === movement.toPlace) continue;
    const ends = [
      { kind: movement.fromKind, place: movement.fromPlace, name: movement.fromDisplayName },
      { kind: movement.toKind, place: movement.toPlace, name: movement.toDisplayName },
    ];
    // What is taken back is drawn as if it had never gone.
    const takenBack = movement.effectItems < 0n;
    const [from, to] = takenBack ? ends.reverse() : ends;
    const edge = edges.get(`${keyOf(from)} ${keyOf(to)}`) ?? { from: keyOf(from), to: keyOf(to), items: 0n };
    edge.items += movement.effectItems;
    edges.set(`${edge.from} ${edge.to}`, edge);
    note(nodes, edge.from, from.kind, from.name);
    note(nodes, edge.to, to.kind, to.name);
    if (to.kind === PlaceKind.DELIVERY) nodes.get(edge.to)!.time ??= movement.occurredTime;
    // A delivery's place is named "… (on its way)"; once it has arrived that is no longer so.
    if (movement.kind === MovementKind.CONFIRM) nodes.get(edge.from)!.name = to.name;

    // One box per delivery and transfer: in the ledger all that go to one group or warehouse share one place.
    function keyOf(end: { kind: PlaceKind; place: string }): string {
      if (end.kind === PlaceKind.DELIVERY) return movement.delivery || end.place;
      if (end.kind === PlaceKind.TRANSIT || end.kind === PlaceKind.WORKSHOP) return movement.operation || end.place;
      return end.place;
    }
  }
  return [...edges.values()].filter((edge) => edge.items > 0n);
}

function note(nodes: Map<string, Node>, key: string, kind: PlaceKind, name: string): void {
  if (!nodes.has(key)) nodes.set(key, { key, kind, name, folded: 1, items: 0n, x: 0, y: 0, height: 0 });
}

function foldDeliveries(nodes: Map<string, Node>, edges: Edge[]): Edge[] {
  const issued = new Map<string, bigint>();
  for (const edge of edges) {
    if (nodes.get(edge.to)!.kind === PlaceKind.DELIVERY) issued.set(edge.to, (issued.get(edge.to) ?? 0n) + edge.items);
  }
  if (issued.size <= MAX_DELIVERIES) return edges;
  const bySize = [...issued].sort(([, a], [, b]) => (a < b ? 1 : a > b ? -1 : 0)).map(([key]) => key);
  const kept = new Set(bySize.slice(0, MAX_DELIVERIES - 1));
  const groupsKept = new Set(edges.filter((edge) => kept.has(edge.from)).map((edge) => edge.to));

  const foldedKeys = new Map<PlaceKind, Set<string>>();
  const fold = (key: string): string => {
    const { kind } = nodes.get(key)!;
    const stays = kind === PlaceKind.DELIVERY ? kept.has(key) : kind === PlaceKind.GROUP ? groupsKept.has(key) : true;
    if (stays) return key;
    foldedKeys.set(kind, (foldedKeys.get(kind) ?? new Set()).add(key));
    note(nodes, `others ${kind}`, kind, '');
    return `others ${kind}`;
  };
  const merged = new Map<string, Edge>();
  for (const edge of edges) {
    const from = fold(edge.from);
    const to = fold(edge.to);
    const sum = merged.get(`${from} ${to}`) ?? { from, to, items: 0n };
    sum.items += edge.items;
    merged.set(`${from} ${to}`, sum);
  }
  for (const [kind, keys] of foldedKeys) nodes.get(`others ${kind}`)!.folded = keys.size;
  return [...merged.values()];
}

// Places where goods stand or are worked on inside the network's own houses.
const inside = new Set([PlaceKind.SHELF, PlaceKind.TRANSIT, PlaceKind.WORKSHOP]);

/** Each box's column, left to right: donors, then shelves one further right for each step on the way to them, deliveries beside each
 * other, their groups, and again deliveries and groups where one passes goods on. What goes back is drawn backwards. */
function columnsOf(nodes: Map<string, Node>, edges: Edge[]): Map<string, number> {
  const column = new Map<string, number>();
  const kindOf = (key: string) => nodes.get(key)!.kind;
  const visit = (key: string, at: number) => {
    if (column.has(key)) return;
    column.set(key, at);
    for (const edge of edges) if (edge.from === key && inside.has(kindOf(edge.to))) visit(edge.to, at + 1);
  };
  const fromDonors = edges.filter((edge) => kindOf(edge.from) === PlaceKind.DONOR);
  for (const edge of fromDonors) column.set(edge.from, 0);
  for (const edge of fromDonors) if (inside.has(kindOf(edge.to))) visit(edge.to, 1);
  // A lot that was made here begins in the workshop; what a count found begins on its shelf.
  const begins = (key: string) => !edges.some((edge) => edge.to === key && inside.has(kindOf(edge.from)));
  for (const { from } of edges) if (inside.has(kindOf(from)) && begins(from)) visit(from, kindOf(from) === PlaceKind.WORKSHOP ? 0 : 1);
  for (const { from } of edges) if (inside.has(kindOf(from))) visit(from, 1);

  const out = Math.max(1, ...column.values()) + 1;
  const follow = (delivery: string, at: number) => {
    if (column.has(delivery)) return;
    column.set(delivery, at);
    for (const edge of edges) {
      if (edge.from !== delivery || kindOf(edge.to) !== PlaceKind.GROUP || column.has(edge.to)) continue;
      column.set(edge.to, at + 1);
      for (const next of edges) if (next.from === edge.to && kindOf(next.to) === PlaceKind.DELIVERY) follow(next.to, at + 2);
    }
  };
  for (const edge of edges) if (kindOf(edge.to) === PlaceKind.DELIVERY && kindOf(edge.from) !== PlaceKind.GROUP) follow(edge.to, out);
  for (const key of edges.flatMap((edge) => [edge.from, edge.to])) {
    if (column.has(key)) continue;
    const kind = kindOf(key);
    column.set(key, kind === PlaceKind.DONOR ? 0 : kind === PlaceKind.GROUP || kind === PlaceKind.ADJUSTMENT ? out + 1 : out);
  }
  return column;
}

function place(nodes: Map<string, Node>, edges: Edge[], column: Map<string, number>): Flow {
  const used = [...nodes.values()].filter((node) => column.has(node.key));
  const sum = (list: Edge[]) => list.reduce((total, edge) => total + edge.items, 0n);
  for (const node of used) {
    const into = sum(edges.filter((edge) => edge.to === node.key));
    const out = sum(edges.filter((edge) => edge.from === node.key));
    node.items = into > out ? into : out;
  }
  const most = used.reduce((max, node) => (node.items > max ? node.items : max), 1n);
  const thickness = (items: bigint) => Math.max(MIN_LINE, (Number(items) / Number(most)) * MAX_LINE);

  const count = Math.max(0, ...column.values()) + 1;
  let height = 0;
  for (let at = 0; at < count; at++) {
    const here = used.filter((node) => column.get(node.key) === at);
    // In the order of where they come from, larger ones first, "others" last.
    here.sort(
      (a, b) =>
        Number(a.folded > 1) - Number(b.folded > 1) ||
        middleOfSources(nodes, edges, a) - middleOfSources(nodes, edges, b) ||
        Number(b.items - a.items),
    );
    let y = 0;
    for (const node of here) {
      node.x = at * (BOX_WIDTH + COLUMN_GAP);
      node.y = y;
      node.height = Math.max(MIN_BOX_HEIGHT, thickness(node.items));
      y += node.height + ROW_GAP;
    }
    height = Math.max(height, y - ROW_GAP);
  }
  for (let at = 0; at < count; at++) {
    const here = used.filter((node) => column.get(node.key) === at);
    const bottom = Math.max(0, ...here.map((node) => node.y + node.height));
    for (const node of here) node.y += (height - bottom) / 2;
  }
  return { nodes: used, links: lines(nodes, edges, thickness), width: count * (BOX_WIDTH + COLUMN_GAP) - COLUMN_GAP, height };
}

function middleOfSources(nodes: Map<string, Node>, edges: Edge[], node: Node): number {
  const sources = edges.filter((edge) => edge.to === node.key).map((edge) => nodes.get(edge.from)!);
  if (sources.length === 0) return 0;
  return sources.reduce((total, source) => total + source.y + source.height / 2, 0) / sources.length;
}

/** Lines leave and enter a box beside each other, around its middle. */
function lines(nodes: Map<string, Node>, edges: Edge[], thickness: (items: bigint) => number): Link[] {
  const total = (list: Edge[]) => list.reduce((width, edge) => width + thickness(edge.items), 0);
  const start = (node: Node, list: Edge[]) => node.y + (node.height - total(list)) / 2;
  const top = (key: string) => nodes.get(key)!.y;
  const outAt = new Map<string, number>();
  const inAt = new Map<string, number>();
  const sorted = [...edges].sort((a, b) => top(a.from) - top(b.from) || top(a.to) - top(b.to));
  return sorted.map((edge) => {
    const from = nodes.get(edge.from)!;
    const to = nodes.get(edge.to)!;
    const width = thickness(edge.items);
    const leaving = outAt.get(edge.from) ?? start(from, edges.filter((other) => other.from === edge.from));
    const entering = inAt.get(edge.to) ?? start(to, edges.filter((other) => other.to === edge.to));
    outAt.set(edge.from, leaving + width);
    inAt.set(edge.to, entering + width);
    const x1 = from.x + BOX_WIDTH;
    const y1 = leaving + width / 2;
    const y2 = entering + width / 2;
    const bend = COLUMN_GAP / 2;
    return { from, to, items: edge.items, width, path: `M${x1} ${y1}C${x1 + bend} ${y1} ${to.x - bend} ${y2} ${to.x} ${y2}` };
  });
}
