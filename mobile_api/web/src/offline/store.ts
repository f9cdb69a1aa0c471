// Where a phone keeps its actions and its book: IndexedDB, one database for each installation, network and subject, so that nobody sees
// another's. If the browser refuses (private windows, no room), the same things are kept in memory, and whoever asks can tell by `durable`.
import { openDB, type DBSchema, type IDBPDatabase, type IDBPObjectStore } from 'idb';

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

export interface Changed<T> {
  answer: T;
  actions: Action[];
}

export interface Store {
  /** What was written survives the tab, the browser and the battery. */
  readonly durable: boolean;
  /** By number. */
  actions(): Promise<Action[]>;
  /** Gives the action its number. When it resolves, it is on the disk. */
  add(action: NewAction): Promise<Action>;
  /** Reads all actions, decides, writes: nobody else writes in between. When it resolves, everything is on the disk; `actions` is what is
   * there then. */
  change<T>(decide: (actions: Action[]) => Change<T>): Promise<Changed<T>>;
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

type Actions = IDBPObjectStore<Schema, ['actions'], 'actions', 'readwrite'>;

/** What is there after a change, by number. */
function applied<T>(before: Action[], { add = [], put = [], remove = [] }: Change<T>, numbers: number[]): Action[] {
  const now = new Map(before.map((action) => [action.number, action]));
  for (const action of put) now.set(action.number, action);
  for (const action of remove) now.delete(action.number);
  add.forEach((action, index) => now.set(numbers[index], { ...action, number: numbers[index] }));
  return [...now.values()].sort((a, b) => a.number - b.number);
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

  add(action: NewAction): Promise<Action> {
    return this.#write(async (store) => ({ ...action, number: await store.add(action as Action) }));
  }

  change<T>(decide: (actions: Action[]) => Change<T>): Promise<Changed<T>> {
    return this.#write(async (store) => {
      const before = await store.getAll();
      const change = decide(before);
      const { add = [], put = [], remove = [] } = change;
      const [numbers] = await Promise.all([
        // The key generator gives the numbers.
        Promise.all(add.map((action) => store.add(action as Action))),
        ...put.map((action) => store.put(action)),
        ...remove.map((action) => store.delete(action.number)),
      ]);
      return { answer: change.answer, actions: applied(before, change, numbers) };
    });
  }

  async #write<T>(work: (store: Actions) => Promise<T>): Promise<T> {
    try {
      return await this.#transact(work);
    } catch (error) {
      if ((error as Error)?.name !== 'QuotaExceededError') throw error;
      // What the services can send again makes room for what only this phone knows.
      await this.clearTables();
      return this.#transact(work);
    }
  }

  async #transact<T>(work: (store: Actions) => Promise<T>): Promise<T> {
    // "strict": done means on the disk, not in the system's memory.
    const transaction = (await this.#open()).transaction('actions', 'readwrite', { durability: 'strict' });
    // Awaited at the end; without this a failure of `work` would leave an unhandled rejection behind.
    transaction.done.catch(() => {});
    try {
      const done = await work(transaction.store);
      await transaction.done;
      return done;
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

  add(action: NewAction): Promise<Action> {
    const added = { ...structuredClone(action), number: ++this.#last };
    this.#actions = [...this.#actions, added];
    return Promise.resolve(structuredClone(added));
  }

  change<T>(decide: (actions: Action[]) => Change<T>): Promise<Changed<T>> {
    try {
      const before = structuredClone(this.#actions);
      const change = decide(before);
      this.#actions = applied(before, structuredClone(change), (change.add ?? []).map(() => ++this.#last));
      return Promise.resolve({ answer: change.answer, actions: structuredClone(this.#actions) });
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
