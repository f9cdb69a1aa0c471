import { Role } from '../gen/kubari/type/v1/access_pb';
import type { Route } from '../routes';

const groups = [Role.GROUP];

export const group: Route[] = [
  { path: '/group/received', page: () => import('./Received.svelte'), menu: { text: 'nav.groupReceived', roles: groups } },
  { path: '/group/profile', page: () => import('./ProfilePage.svelte'), menu: { text: 'nav.groupProfile', roles: groups } },
  { path: '/group/scan', page: () => import('./ScanSheet.svelte') },
  { path: '/group/after', page: () => import('./After.svelte') },
  { path: '/group/why', page: () => import('./Why.svelte') },
  { path: '/group/why/:run/:group', page: () => import('./Why.svelte') },
];
