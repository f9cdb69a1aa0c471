import type { Page } from './load.svelte';

/** All pages of a list that a person can survey: warehouses, the lines of one run. `most` stops a list that is longer than thought. */
export async function everything<T>(fetch: (pageToken: string) => Promise<Page<T>>, progress?: (count: number) => void, most = 100_000): Promise<T[]> {
  const found: T[] = [];
  let pageToken = '';
  do {
    const page = await fetch(pageToken);
    found.push(...page.items);
    progress?.(found.length);
    pageToken = page.next;
  } while (pageToken && found.length < most);
  return found;
}
