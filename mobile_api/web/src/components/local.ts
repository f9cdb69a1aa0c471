// Rows that are all at hand, for a ServerTable: the same sorting, pages and file as with rows from the server.
import type { Page } from '../api/load.svelte';
import type { Ask } from './table.svelte';

type Comparable = string | number | bigint;

/** `orders`: what each field of order_by compares. Equal rows stay as they came. */
export function local<T>(rows: T[], orders: Record<string, (row: T) => Comparable>): (ask: Ask) => Promise<Page<T>> {
  return ({ pageSize, pageToken, orderBy }) => {
    const [field, way] = orderBy.split(' ');
    const of = Object.hasOwn(orders, field) ? orders[field] : undefined;
    const sorted = of ? [...rows].sort((a, b) => (way === 'desc' ? -1 : 1) * compare(of(a), of(b))) : rows;
    const from = Number(pageToken || 0);
    return Promise.resolve({ items: sorted.slice(from, from + pageSize), next: from + pageSize < sorted.length ? String(from + pageSize) : '' });
  };
}

function compare(a: Comparable, b: Comparable): number {
  if (typeof a === 'string' && typeof b === 'string') return a.localeCompare(b, 'ja');
  return a < b ? -1 : a > b ? 1 : 0;
}
