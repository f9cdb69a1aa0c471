import { Role } from '../gen/kubari/type/v1/access_pb';
import type { Route } from '../routes';

const groups = [Role.GROUP];

export const group: Route[] = [
  { path: '/group/received', page: () => import('./Received.svelte'), menu: { text: 'nav.groupReceived', roles: groups } },
  { path: '/group/profile', page: () => import('./ProfilePage.svelte'), menu: { text: 'nav.groupProfile', roles: groups } },
  { path: '/group/choose', page: () => import('./Choose.svelte'), menu: { text: 'nav.groupChoose', roles: groups } },
  { path: '/group/choose/:run', page: () => import('./Round.svelte') },
  { path: '/group/agreement', page: () => import('../agreements/Own.svelte'), menu: { text: 'nav.agreement', roles: groups } },
  { path: '/group/questions', page: () => import('./Questions.svelte'), menu: { text: 'nav.broadcasts', roles: groups } },
  { path: '/group/questions/:broadcast', page: () => import('./Questions.svelte') },
  { path: '/group/scan', page: () => import('./ScanSheet.svelte') },
  { path: '/group/hub', page: () => import('./hub/Hub.svelte') },
  { path: '/group/after', page: () => import('./After.svelte') },
  { path: '/group/why', page: () => import('./Why.svelte') },
  { path: '/group/why/:run/:group', page: () => import('./Why.svelte') },
];
