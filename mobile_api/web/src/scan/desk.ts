// What the scan room works with: what the phone knows, and where its actions go. The real ones, unless a page stands inside a practice, which
// brings its own: then nothing can reach the network, as nothing here knows another way.
import { getContext, setContext } from 'svelte';

import { book } from '../offline/book.svelte';
import { queue } from '../offline/queue.svelte';

export interface Desk {
  book: typeof book;
  queue: typeof queue;
  /** Nothing of this is real: no server is asked, nothing is printed. */
  practice: boolean;
}

const KEY = 'kubari.desk';
const real: Desk = { book, queue, practice: false };

/** While a component is set up. */
export function useDesk(): Desk {
  return getContext<Desk | undefined>(KEY) ?? real;
}

export function provideDesk(desk: Desk): void {
  setContext(KEY, desk);
}
