// Which actions and which book belong to whoever is signed in, and what becomes of them when the session ends.
import { session } from '../api/session.svelte';
import type { Session } from '../gen/kubari/identity/v1/identity_pb';
import { Role } from '../gen/kubari/type/v1/access_pb';
import type { Action } from './actions';
import { book } from './book.svelte';
import { queue } from './queue.svelte';
import { IndexedStore, openStore, type Store } from './store';

/** A database of this device in which somebody's actions wait. */
export interface Left {
  database: string;
  /** networks/{uuid} */
  network: string;
  networkDisplayName: string;
  /** people/{uuid} or devices/{uuid} */
  subject: string;
  displayName: string;
  /** Actions that wait for the service or for a person. */
  unsent: number;
}

const KEY = 'kubari.unsent';
const scanning = [Role.VOLUNTEER, Role.WAREHOUSE_MANAGER, Role.COORDINATOR];
const managing = [Role.WAREHOUSE_MANAGER, Role.COORDINATOR];

class Phone {
  /** Who has unsent actions here; also whoever is signed in now. */
  left = $state.raw<Left[]>(read());
  /** Another tab runs a newer version of the app that keeps things in another way. */
  outdated = $state(false);

  #current?: Omit<Left, 'unsent'>;
  #store?: Store;
  #turn: Promise<void> = Promise.resolve();

  /** Unsent actions of whoever is signed in. */
  own: number = $derived(this.left.find((one) => one.subject === session.value?.subject)?.unsent ?? 0);
  /** Unsent actions of others. */
  others: Left[] = $derived(this.left.filter((one) => one.subject !== session.value?.subject));
  /** Those of this phone under the name that it had before it was joined anew. */
  former: Left[] = $derived(
    this.others.filter((one) => one.network === session.value?.network?.name && isDevice(one.subject) && isDevice(session.value.subject)),
  );

  constructor() {
    if (typeof addEventListener === 'undefined') return;
    addEventListener('beforeunload', (event) => {
      if (!queue.durable && queue.waiting.length > 0) event.preventDefault();
    });
    addEventListener('storage', (event) => {
      if (event.key === KEY) this.left = read();
    });
    $effect.root(() => {
      $effect(() => this.#note(queue.waiting.length + queue.refused.length));
    });
  }

  /** Call whenever the session changes. */
  follow(session: Session | null | undefined): Promise<void> {
    this.#turn = this.#turn.then(() => this.#follow(session)).catch((error: unknown) => console.error(error));
    return this.#turn;
  }

  async #follow(session: Session | null | undefined): Promise<void> {
    const database = session ? databaseOf(session) : undefined;
    if (session && database === this.#current?.database) return queue.resume();
    if (session === null) await this.#wipe();
    queue.close();
    book.close();
    this.#store?.close();
    this.#store = this.#current = undefined;
    if (!session || !database) return;

    const store = await openStore(database, () => (this.outdated = true));
    this.#store = store;
    this.#current = {
      database,
      network: session.network?.name ?? '',
      networkDisplayName: session.network?.displayName ?? '',
      subject: session.subject,
      displayName: session.displayName,
    };
    await queue.open(store, database, session.subject);
    const has = (roles: Role[]) => session.grants.some((grant) => roles.includes(grant.role));
    if (has(scanning)) await book.open(store, database, { groups: has(managing), donors: has(managing) });
  }

  /** The session has ended: what the service can tell again, and what it has recorded, goes; what it never heard of stays. */
  async #wipe(): Promise<void> {
    if (!this.#store) return;
    await book.clear();
    await queue.clear();
  }

  /** What waits in a database of another subject; to be shown only where it belongs to this phone. */
  async waitingIn(left: Left): Promise<Action[]> {
    const store = new IndexedStore(left.database);
    try {
      return (await store.actions()).filter((action) => ['waiting', 'sending', 'refused'].includes(action.state));
    } finally {
      store.close();
    }
  }

  /** Sends in the name of whoever is signed in what this phone kept under its former name. */
  async adopt(left: Left): Promise<void> {
    const actions = await this.waitingIn(left);
    await queue.adopt(actions, left.displayName);
    await this.discard(left);
  }

  /** Forgets another subject's unsent actions. */
  async discard(left: Left): Promise<void> {
    const store = new IndexedStore(left.database);
    try {
      await store.change((actions) => ({ remove: actions, answer: undefined }));
    } finally {
      store.close();
    }
    this.#write(read().filter((one) => one.database !== left.database));
  }

  /** Keeps in mind, outside the databases, that there is something to send. */
  #note(unsent: number): void {
    if (!this.#current || !queue.isOpen || !queue.durable) return;
    const { database } = this.#current;
    const others = read().filter((one) => one.database !== database);
    const before = this.left.find((one) => one.database === database)?.unsent ?? 0;
    if (unsent !== before) this.#write(unsent > 0 ? [...others, { ...this.#current, unsent }] : others);
  }

  #write(left: Left[]): void {
    this.left = left;
    try {
      localStorage.setItem(KEY, JSON.stringify(left));
    } catch {
      // Only the hint is lost; the actions are in their database.
    }
  }
}

/** One for each installation (the address where the app was opened), network and subject. */
function databaseOf(session: Session): string {
  return `kubari ${new URL('.', document.baseURI).pathname} ${session.network?.name} ${session.subject}`;
}

function isDevice(subject: string): boolean {
  return subject.startsWith('devices/');
}

function read(): Left[] {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '[]') as Left[];
  } catch {
    return [];
  }
}

export const phone = new Phone();
