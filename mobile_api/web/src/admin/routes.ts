import { Role } from '../gen/kubari/type/v1/access_pb';
import type { Route } from '../routes';

const administrators = [Role.ADMINISTRATOR];
const group = 'nav.group.settings';

export const admin: Route[] = [
  { path: '/people', page: () => import('./People.svelte'), menu: { text: 'nav.people', roles: administrators, group } },
  { path: '/people/:person', page: () => import('./Person.svelte') },
  { path: '/devices', page: () => import('./Devices.svelte'), menu: { text: 'nav.devices', roles: [Role.COORDINATOR, Role.ADMINISTRATOR], group } },
  { path: '/api-keys', page: () => import('./ApiKeys.svelte'), menu: { text: 'nav.apiKeys', roles: administrators, group } },
  { path: '/organisations', page: () => import('./Organisations.svelte'), menu: { text: 'nav.organisations', roles: [Role.COORDINATOR, Role.ADMINISTRATOR], group } },
];
