import { Role } from '../gen/kubari/type/v1/access_pb';
import type { Route } from '../routes';

export const offline: Route[] = [
  {
    path: '/actions',
    page: () => import('./Actions.svelte'),
    menu: { text: 'nav.actions', roles: [Role.VOLUNTEER, Role.WAREHOUSE_MANAGER] },
  },
  { path: '/join', page: () => import('./JoinScan.svelte'), open: true },
  { path: '/ready', page: () => import('./Ready.svelte') },
  { path: '/practice', page: () => import('./Practice.svelte'), open: true },
];
