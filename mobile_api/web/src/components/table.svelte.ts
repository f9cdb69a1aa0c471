// What a table on the server shows: filter, order, rows per page. It stands in the address, so that a link to it shows the same.
import { router } from '../router.svelte';

/** What one call for a page of rows is to give. */
export interface Ask {
  pageSize: number;
  pageToken: string;
  /** AIP-132: "good_until", "on_hand desc"; empty: the list's own order. */
  orderBy: string;
  signal: AbortSignal;
}

export const PAGE_SIZES = [25, 50, 100, 200];

export class TableView<Name extends string = never> {
  /** Values of the filter, each as text; `bind:value={view.filter.warehouse}` works. */
  readonly filter: Record<Name, string>;
  /** Goes before the names in the address, where a page has several tables. */
  readonly prefix: string;
  #defaults: Record<Name, string>;
  #sort: string;

  constructor({ filter = {} as Record<Name, string>, sort = '', prefix = '' }: { filter?: Record<Name, string>; sort?: string; prefix?: string } = {}) {
    this.#defaults = filter;
    this.#sort = sort;
    this.prefix = prefix;
    this.filter = {} as Record<Name, string>;
    for (const name of Object.keys(filter) as Name[]) {
      Object.defineProperty(this.filter, name, {
        enumerable: true,
        get: () => this.#get(name, filter[name]),
        set: (value: string) => this.#set(name, value, filter[name]),
      });
    }
  }

  get sort(): string {
    return this.#get('sort', this.#sort);
  }
  set sort(value: string) {
    this.#set('sort', value, this.#sort);
  }

  get rows(): number {
    const rows = Number(this.#get('rows', ''));
    return PAGE_SIZES.includes(rows) ? rows : PAGE_SIZES[0];
  }
  set rows(value: number) {
    this.#set('rows', String(value), String(PAGE_SIZES[0]));
  }

  /** Sorts by a field; by the same once more: the other way round. */
  toggle(field: string, descendingFirst = false): void {
    const [current, direction] = this.sort.split(' ');
    const descending = current === field ? direction !== 'desc' : descendingFirst;
    this.sort = descending ? `${field} desc` : field;
  }

  /** Anything is filtered. */
  get filtered(): boolean {
    return (Object.keys(this.#defaults) as Name[]).some((name) => this.filter[name] !== this.#defaults[name]);
  }

  clear(): void {
    router.ask(Object.fromEntries(Object.keys(this.#defaults).map((name) => [this.prefix + name, undefined])));
  }

  /** Changes whenever other rows are to be shown. */
  get key(): string {
    return JSON.stringify([this.filter, this.sort, this.rows]);
  }

  #get(name: string, other: string): string {
    return router.query.get(this.prefix + name) ?? other;
  }
  #set(name: string, value: string, other: string): void {
    router.ask({ [this.prefix + name]: value === other ? undefined : value });
  }
}
