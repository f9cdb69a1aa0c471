import { Role } from '../gen/kubari/type/v1/access_pb';
import type { Route } from '../routes';

const hands = [Role.VOLUNTEER, Role.WAREHOUSE_MANAGER, Role.COORDINATOR];
const heads = [Role.WAREHOUSE_MANAGER, Role.COORDINATOR];
const group = 'nav.group.warehouse';

export const scan: Route[] = [
  { path: '/in', page: () => import('./In.svelte'), menu: { text: 'nav.in', roles: hands, group } },
  { path: '/out', page: () => import('./Out.svelte'), menu: { text: 'nav.out', roles: hands, group } },
  { path: '/out/free', page: () => import('./Free.svelte') },
  { path: '/out/:delivery', page: () => import('./Pick.svelte') },
  { path: '/move', page: () => import('./Move.svelte'), menu: { text: 'nav.move', roles: hands, group } },
  { path: '/send', page: () => import('./Send.svelte') },
  { path: '/arrive', page: () => import('./Arrive.svelte') },
  { path: '/count', page: () => import('./Count.svelte'), menu: { text: 'nav.count', roles: hands, group } },
  { path: '/discard', page: () => import('./Discard.svelte'), menu: { text: 'nav.discard', roles: hands, group } },
  { path: '/look', page: () => import('./Look.svelte'), menu: { text: 'nav.look', roles: hands, group } },
  { path: '/stocktakes', page: () => import('./Stocktakes.svelte'), menu: { text: 'nav.stocktakes', roles: heads, group } },
  { path: '/stocktakes/:stocktake', page: () => import('./Stocktake.svelte') },
];
