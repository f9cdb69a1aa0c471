// Quantities as people count them: closed cases of so many, and loose items.
export interface Amount {
  /** As typed; null while a field is empty. */
  cases: number | null;
  perCase: number | null;
  loose: number | null;
}

export const MOST_ITEMS = 100_000_000;

/** Whole items; nothing if what is typed is no quantity. */
export function total({ cases, perCase, loose }: Amount): number | undefined {
  const [c, p, l] = [cases ?? 0, perCase ?? 1, loose ?? 0];
  if (![c, p, l].every((n) => Number.isSafeInteger(n) && n >= 0) || (c > 0 && p < 1)) return undefined;
  const sum = c * p + l;
  return sum <= MOST_ITEMS ? sum : undefined;
}

/** So many items as cases and loose ones. */
export function split(items: number, perCase: number): Amount {
  return perCase > 1 ? { cases: Math.floor(items / perCase), perCase, loose: items % perCase } : { cases: 0, perCase: 1, loose: items };
}
