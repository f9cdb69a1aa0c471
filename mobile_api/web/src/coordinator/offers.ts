// Words and figures of offers, for the list and the page.
import type { Tone } from '../components/StateBadge.svelte';
import { OfferState, type Offer, type OfferLine } from '../gen/kubari/donors/v1/donors_pb';

export const offerTones: Partial<Record<OfferState, Tone>> = {
  [OfferState.SUBMITTED]: 'wait',
  [OfferState.QUESTIONED]: 'wait',
  [OfferState.ACCEPTED]: 'good',
  [OfferState.RECEIVED]: 'good',
  [OfferState.DECLINED]: 'bad',
};
export const offeredItems = (line: OfferLine) => line.cases * line.itemsPerCase;
export const acceptedItems = (line: OfferLine) => line.acceptedCases * line.itemsPerCase;
export const total = (offer: Offer, of: (line: OfferLine) => bigint) => offer.lines.reduce((sum, line) => sum + of(line), 0n);
/** The coordinator has said yes: there is something to expect. */
export const accepted = (offer: Offer) =>
  offer.state === OfferState.ACCEPTED || offer.state === OfferState.RECEIVED || (offer.state === OfferState.CLOSED && offer.warehouse !== '');
/** "+12", "−3", "0": what arrived against what was accepted. */
export const signed = (value: bigint, format: (value: bigint) => string) => (value > 0n ? `+${format(value)}` : value < 0n ? `−${format(-value)}` : format(0n));
