// Answers on their way to the screen: one answer, or a list that grows page by page.
import { toProblem, type Problem } from './problem';

/** One answer. Starts at once; `reload` asks again and keeps the old data until the new is there. */
export class Loaded<T> {
  data = $state.raw<T>();
  problem = $state.raw<Problem>();
  loading = $state(false);
  #turn = 0;
  #fetch: () => Promise<T>;

  constructor(fetch: () => Promise<T>) {
    this.#fetch = fetch;
    void this.reload();
  }

  async reload(): Promise<void> {
    const turn = ++this.#turn;
    this.loading = true;
    this.problem = undefined;
    try {
      const data = await this.#fetch();
      if (turn === this.#turn) this.data = data;
    } catch (error) {
      if (turn === this.#turn) this.problem = toProblem(error);
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  }
}

export interface Page<T> {
  items: T[];
  next: string;
}

/** A list by `page_token`. Starts with the first page; `more` adds the next one. */
export class Paged<T> {
  items = $state.raw<T[]>([]);
  problem = $state.raw<Problem>();
  loading = $state(false);
  /** The first page has been answered. */
  started = $state(false);
  /** What to ask next; empty at the end. */
  next = $state('');
  #turn = 0;
  #fetch: (pageToken: string) => Promise<Page<T>>;

  constructor(fetch: (pageToken: string) => Promise<Page<T>>) {
    this.#fetch = fetch;
    void this.more();
  }

  async more(): Promise<void> {
    const turn = ++this.#turn;
    this.loading = true;
    this.problem = undefined;
    try {
      const page = await this.#fetch(this.next);
      if (turn !== this.#turn) return;
      this.items = [...this.items, ...page.items];
      this.next = page.next;
      this.started = true;
    } catch (error) {
      if (turn === this.#turn) this.problem = toProblem(error);
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  }

  async reload(): Promise<void> {
    this.items = [];
    this.next = '';
    this.started = false;
    await this.more();
  }

  /** After an error: the same page once more. */
  retry = (): void => void this.more();
}

/** A change that is sent once, even if its button is pressed again after the network was away: the request id stays the same. */
export class Sending {
  problem = $state.raw<Problem>();
  busy = $state(false);
  readonly requestId = newId();

  /** The answer, or undefined with `problem` set. */
  async send<T>(call: (requestId: string) => Promise<T>): Promise<T | undefined> {
    if (this.busy) return undefined;
    this.busy = true;
    this.problem = undefined;
    try {
      return await call(this.requestId);
    } catch (error) {
      this.problem = toProblem(error);
      return undefined;
    } finally {
      this.busy = false;
    }
  }
}

/** A new UUID (version 4). crypto.randomUUID exists on https pages only; phones in a warehouse may use plain http. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
