// What is typed and not sent yet, kept on this device under the donor's and the draft's name.
import { toPlain, type OfferDraft } from './offer';

const PREFIX = 'kubari.offer.';
/** Older ones are of no use any more, and goods with dates even less. */
const DAYS = 30;

interface Kept {
  at: number;
  draft: OfferDraft;
}

export function keep(name: string, draft: OfferDraft): boolean {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify({ at: Date.now(), draft: toPlain(draft) } satisfies Kept));
    return true;
  } catch {
    return false;
  }
}

export function kept(name: string): OfferDraft | undefined {
  try {
    const found = JSON.parse(localStorage.getItem(PREFIX + name) ?? 'null') as Kept | null;
    if (!found || !Array.isArray(found.draft?.lines) || Date.now() - found.at > DAYS * 86_400_000) return undefined;
    return found.draft;
  } catch {
    return undefined;
  }
}

export function forget(name: string): void {
  try {
    localStorage.removeItem(PREFIX + name);
  } catch {
    // Then nothing was kept either.
  }
}
