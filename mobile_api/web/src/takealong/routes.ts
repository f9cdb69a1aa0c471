import { Role } from '../gen/kubari/type/v1/access_pb';
import type { Route } from '../routes';

export const takeAlong: Route[] = [
  {
    path: '/take-along',
    page: () => import('./TakeAlong.svelte'),
    menu: { text: 'nav.takeAlong', roles: [Role.COORDINATOR, Role.DONOR, Role.GROUP, Role.AUDITOR, Role.ADMINISTRATOR, Role.PARTNER], group: 'nav.group.settings' },
  },
];
