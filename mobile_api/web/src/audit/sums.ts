// Adds up the movements behind a figure by what each counts in, as ImpactMovement.kind says.
import type { Page } from '../api/load.svelte';
import type { Figures, ImpactMovement } from '../gen/kubari/impact/v1/impact_pb';

const counted = { RECEIVE: 'received', ISSUE: 'shipped', CONFIRM: 'got', DISCARD: 'discarded' } as const;
type Name = (typeof counted)[keyof typeof counted];

export interface Compared {
  name: Name;
  unit: 'items' | 'grams';
  told: bigint;
  added: bigint;
}

export async function addUp(fetch: (pageToken: string) => Promise<Page<ImpactMovement>>): Promise<{ against: (figures: Figures | undefined) => Compared[] }> {
  const sums: Record<Name, { items: bigint; grams: bigint }> = {
    received: { items: 0n, grams: 0n },
    shipped: { items: 0n, grams: 0n },
    got: { items: 0n, grams: 0n },
    discarded: { items: 0n, grams: 0n },
  };
  let pageToken = '';
  do {
    const page = await fetch(pageToken);
    for (const movement of page.items) {
      const name = counted[movement.kind as keyof typeof counted];
      if (!name) continue;
      sums[name].items += movement.items;
      // The sign stands with the items.
      sums[name].grams += movement.grams;
    }
    pageToken = page.next;
  } while (pageToken);
  return {
    against: (figures) => {
      const told: Record<Name, [bigint | undefined, bigint | undefined]> = {
        got: [figures?.items, figures?.grams],
        shipped: [figures?.shippedItems, figures?.shippedGrams],
        received: [figures?.receivedItems, figures?.receivedGrams],
        discarded: [figures?.discardedItems, figures?.discardedGrams],
      };
      return (Object.keys(told) as Name[]).flatMap((name) => [
        { name, unit: 'items' as const, told: told[name][0] ?? 0n, added: sums[name].items },
        { name, unit: 'grams' as const, told: told[name][1] ?? 0n, added: sums[name].grams },
      ]);
    },
  };
}
