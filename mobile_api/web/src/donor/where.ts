// Where the items of lots are, by what a lot's trace says of its holders. Pure.
import { PlaceKind, type Lot } from '../gen/kubari/stock/v1/catalogue_pb';
import type { Holder } from '../gen/kubari/stock/v1/stock_pb';

export interface Where {
  lot: Lot;
  /** Given by the donor. */
  given: bigint;
  atGroups: bigint;
  underWay: bigint;
  inStock: bigint;
  wasted: bigint;
  otherwise: bigint;
  /** By group, most first; '' is one whose name is not told. */
  groups: { key: string; name: string; items: bigint }[];
}

export function whereIs(lot: Lot, holders: Holder[]): Where {
  const where: Where = { lot, given: 0n, atGroups: 0n, underWay: 0n, inStock: 0n, wasted: 0n, otherwise: 0n, groups: [] };
  for (const { place, items } of holders) {
    switch (place?.kind) {
      case PlaceKind.DONOR:
        where.given -= items;
        break;
      case PlaceKind.GROUP:
        where.atGroups += items;
        if (items > 0n) where.groups.push({ key: place.name, name: place.displayName, items });
        break;
      case PlaceKind.DELIVERY:
      case PlaceKind.TRANSIT:
        where.underWay += items;
        break;
      case PlaceKind.SHELF:
        where.inStock += items;
        break;
      case PlaceKind.WASTE:
        where.wasted += items;
        break;
      default:
        where.otherwise += items;
    }
  }
  return where;
}

/** The groups of several lots together. */
export function groupsOf(all: Where[]): Where['groups'] {
  const sums = new Map<string, { key: string; name: string; items: bigint }>();
  for (const group of all.flatMap((where) => where.groups)) {
    const sum = sums.get(group.key);
    if (sum) sum.items += group.items;
    else sums.set(group.key, { ...group });
  }
  return [...sums.values()].sort((a, b) => (a.items === b.items ? a.name.localeCompare(b.name, 'ja') : a.items < b.items ? 1 : -1));
}
