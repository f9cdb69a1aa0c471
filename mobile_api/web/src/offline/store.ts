// Where a phone keeps its actions and its book: IndexedDB, one database for each installation, network and subject, so that nobody sees
// another's. If the browser refuses (private windows, no room), the same things are kept in memory, and whoever asks can tell by `durable`.
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';

import type { Action } from './actions';

/** A list of the book as the services sent it. */
export interface Table {
  key: string;
  /** A list response of the contract, serialized: old and new versions of the app can both read it. */
  bytes: Uint8Array;
  /** When it was asked for: milliseconds since 1970 by the phone's clock. */
  at: number;
}

export type NewAction = Omit<Action, 'number'>;

/** What is to be written; all of it or nothing. */
export interface Change<T> {
  add?: NewAction[];
  put?: Action[];
  remove?: Action[];
  answer: T;
}

export interface Store {
  /** What was written survives the tab, the browser and the battery. */
  readonly durable: boolean;
  /** By number. */
  actions(): Promise<Action[]>;
  /** Reads all actions, decides, writes: nobody else writes in between. When it resolves, everything is on disk. */
  change<T>(decide: (actions: Action[]) => Change<T>): Promise<T>;
  tables(): Promise<Table[]>;
  /** Writes the tables of `put` and forgets those of `remove`. */
  writeTables(put: Table[], remove?: string[]): Promise<void>;
  clearTables(): Promise<void>;
  close(): void;
}

interface Schema extends DBSchema {
  actions: { key: number; value: Action };
  tables: { key: string; value: Table };
}

/** Raise it with every change of the stores, and lead older versions here in `upgrade`. What waits to be sent must survive every upgrade. */
const VERSION = 1;

export class IndexedStore implements Store {
  readonly durable = true;
  #database?: Promise<IDBPDatabase<Schema>>;

  constructor(
    readonly name: string,
    /** Another tab wants to upgrade the database: this page is too old to go on. */
    readonly outdated: () => void = () => {},
  ) {}

  #open(): Promise<IDBPDatabase<Schema>> {
    this.#database ??= openDB<Schema>(this.name, VERSION, {
      upgrade(database, from) {
        if (from < 1) {
          // The keys go up by one and are never used again, also across tabs: they are the order in which the actions were made.
          database.createObjectStore('actions', { keyPath: 'number', autoIncrement: true });
          database.createObjectStore('tables', { keyPath: 'key' });
        }
      },
      blocking: () => {
        this.close();
        this.outdated();
      },
      // The browser closed it (storage cleared, or short of memory): the next use opens it again.
      terminated: () => (this.#database = undefined),
    }).catch((error: unknown) => {
      this.#database = undefined;
      throw error;
    });
    return this.#database;
  }

  async actions(): Promise<Action[]> {
    return (await this.#open()).getAll('actions');
  }

  async change<T>(decide: (actions: Action[]) => Change<T>): Promise<T> {
    try {
      return await this.#change(decide);
    } catch (error) {
      if ((error as Error)?.name !== 'QuotaExceededError') throw error;
      // What the services can send again makes room for what only this phone knows.
      await this.clearTables();
      return this.#change(decide);
    }
  }

  async #change<T>(decide: (actions: Action[]) => Change<T>): Promise<T> {
    // "strict": done means on the disk, not in the system's memory.
    const transaction = (await this.#open()).transaction('actions', 'readwrite', { durability: 'strict' });
    // Awaited at the end; without this a failure of `decide` would leave an unhandled rejection behind.
    transaction.done.catch(() => {});
    try {
      const { add = [], put = [], remove = [], answer } = decide(await transaction.store.getAll());
      const writes: Promise<unknown>[] = [];
      // The key generator fills in the number.
      for (const action of add) writes.push(transaction.store.add(action as Action));
      for (const action of put) writes.push(transaction.store.put(action));
      for (const action of remove) writes.push(transaction.store.delete(action.number));
      await Promise.all(writes);
      await transaction.done;
      return answer;
    } catch (error) {
      try {
        transaction.abort();
      } catch {
        // It has ended already.
      }
      throw error;
    }
  }

  async tables(): Promise<Table[]> {
    return (await this.#open()).getAll('tables');
  }

  async writeTables(put: Table[], remove: string[] = []): Promise<void> {
    const transaction = (await this.#open()).transaction('tables', 'readwrite');
    await Promise.all([
      ...put.map((table) => transaction.store.put(table)),
      ...remove.map((key) => transaction.store.delete(key)),
      transaction.done,
    ]);
  }

  async clearTables(): Promise<void> {
    await (await this.#open()).clear('tables');
  }

  close(): void {
    void this.#database?.then((database) => database.close(), () => {});
    this.#database = undefined;
  }
}

export class MemoryStore implements Store {
  #actions: Action[];
  #tables = new Map<string, Table>();
  #last: number;

  constructor(
    actions: Action[] = [],
    /** Of the practice mode, where nothing shall last, it is true: there is nothing to warn of. */
    readonly durable = false,
  ) {
    this.#actions = structuredClone(actions);
    this.#last = Math.max(0, ...actions.map((action) => action.number));
  }

  actions(): Promise<Action[]> {
    return Promise.resolve(structuredClone(this.#actions));
  }

  change<T>(decide: (actions: Action[]) => Change<T>): Promise<T> {
    try {
      const { add = [], put = [], remove = [], answer } = decide(structuredClone(this.#actions));
      const kept = new Map(this.#actions.map((action) => [action.number, action]));
      for (const action of put) kept.set(action.number, structuredClone(action));
      for (const action of remove) kept.delete(action.number);
      for (const action of add) kept.set(++this.#last, { ...structuredClone(action), number: this.#last });
      this.#actions = [...kept.values()].sort((a, b) => a.number - b.number);
      return Promise.resolve(answer);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  tables(): Promise<Table[]> {
    return Promise.resolve([...this.#tables.values()]);
  }

  writeTables(put: Table[], remove: string[] = []): Promise<void> {
    for (const table of put) this.#tables.set(table.key, table);
    for (const key of remove) this.#tables.delete(key);
    return Promise.resolve();
  }

  clearTables(): Promise<void> {
    this.#tables.clear();
    return Promise.resolve();
  }

  close(): void {}
}

/** The database if it can be read and written, else memory. */
export async function openStore(name: string, outdated?: () => void): Promise<Store> {
  if (typeof indexedDB === 'undefined') return new MemoryStore();
  const store = new IndexedStore(name, outdated);
  try {
    await store.change(() => ({ answer: undefined }));
    return store;
  } catch {
    return new MemoryStore();
  }
}
