import { Role } from '../gen/kubari/type/v1/access_pb';
import type { Route } from '../routes';

const office = [Role.COORDINATOR];

export const coordinator: Route[] = [
  { path: '/offers', page: () => import('./Offers.svelte'), menu: { text: 'nav.offers', roles: office } },
  { path: '/offers/:offer', page: () => import('./Offer.svelte') },
  { path: '/stock', page: () => import('./Stock.svelte'), menu: { text: 'nav.stock', roles: office } },
  { path: '/runs', page: () => import('./Runs.svelte'), menu: { text: 'nav.runs', roles: office } },
  { path: '/runs/new', page: () => import('./NewRun.svelte') },
  { path: '/runs/:run', page: () => import('./Run.svelte') },
  { path: '/runs/:run/groups/:group', page: () => import('./Explain.svelte') },
  { path: '/alerts', page: () => import('./Alerts.svelte') },
];
