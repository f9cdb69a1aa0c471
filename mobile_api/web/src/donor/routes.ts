import { Role } from '../gen/kubari/type/v1/access_pb';
import type { Route } from '../routes';

const donors = [Role.DONOR];

export const donor: Route[] = [
  { path: '/donor/offers', page: () => import('./Offers.svelte'), menu: { text: 'nav.ownOffers', roles: donors } },
  { path: '/donor/new', page: () => import('./OfferPage.svelte'), menu: { text: 'nav.newOffer', roles: donors } },
  // For a donor who told it by telephone.
  { path: '/donor/new/:donor', page: () => import('./OfferPage.svelte') },
  { path: '/donor/upload', page: () => import('./Upload.svelte') },
  { path: '/donor/standing', page: () => import('./Standing.svelte'), menu: { text: 'nav.standing', roles: donors } },
  { path: '/donor/standing/new', page: () => import('./StandingForm.svelte') },
  { path: '/donor/standing/:standing', page: () => import('./StandingForm.svelte') },
  { path: '/donor/offers/:offer', page: () => import('./Offer.svelte') },
  { path: '/donor/offers/:offer/edit', page: () => import('./OfferPage.svelte') },
  { path: '/donor/offers/:offer/copy', page: () => import('./CopyOffer.svelte') },
  { path: '/donor/report', page: () => import('./Report.svelte'), menu: { text: 'nav.report', roles: donors } },
  { path: '/donor/agreement', page: () => import('./AgreementPage.svelte'), menu: { text: 'nav.agreement', roles: donors } },
];
