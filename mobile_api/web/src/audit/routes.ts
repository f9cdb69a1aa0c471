import { Role } from '../gen/kubari/type/v1/access_pb';
import type { Route } from '../routes';

const auditors = [Role.AUDITOR];
const group = 'nav.group.figures';

export const audit: Route[] = [
  { path: '/figures', page: () => import('./Figures.svelte'), menu: { text: 'nav.figures', roles: [Role.COORDINATOR, Role.AUDITOR, Role.ADMINISTRATOR], group } },
  { path: '/figures/records', page: () => import('./Records.svelte') },
  { path: '/ledger', page: () => import('./Ledger.svelte'), menu: { text: 'nav.ledger', roles: auditors, group } },
  { path: '/ledger/:position', page: () => import('./Movement.svelte') },
  { path: '/replays', page: () => import('./Replays.svelte'), menu: { text: 'nav.replays', roles: auditors, group } },
];
