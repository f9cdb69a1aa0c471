import { Role } from '../gen/kubari/type/v1/access_pb';
import type { Route } from '../routes';

const office = [Role.COORDINATOR, Role.ADMINISTRATOR, Role.AUDITOR];
const registers = 'nav.group.registers';

export const directory: Route[] = [
  { path: '/search', page: () => import('./Search.svelte'), menu: { text: 'nav.search', roles: office } },
  { path: '/needs', page: () => import('./Needs.svelte'), menu: { text: 'nav.needs', roles: office, group: registers } },
  { path: '/group/needs', page: () => import('./Needs.svelte'), menu: { text: 'nav.needs', roles: [Role.GROUP] } },
  { path: '/group/confirm', page: () => import('./Confirm.svelte'), menu: { text: 'nav.groupConfirm', roles: [Role.GROUP] } },
  { path: '/group/surveys', page: () => import('./Surveys.svelte'), menu: { text: 'nav.surveys', roles: [Role.GROUP] } },
  { path: '/group/surveys/:survey', page: () => import('./Confirm.svelte') },
  { path: '/applications', page: () => import('./Applications.svelte'), menu: { text: 'nav.applications', roles: office, group: registers } },
  { path: '/applications/:group', page: () => import('./Application.svelte') },
  { path: '/reviews', page: () => import('./Reviews.svelte'), menu: { text: 'nav.reviews', roles: office, group: registers } },
  { path: '/surveys', page: () => import('./Surveys.svelte'), menu: { text: 'nav.surveys', roles: office, group: registers } },
  { path: '/surveys/:survey', page: () => import('./Survey.svelte') },
  { path: '/directory-rules', page: () => import('./Rules.svelte') },
  { path: '/apply', page: () => import('./Apply.svelte'), open: true },
  { path: '/apply/:code', page: () => import('./ApplyState.svelte'), open: true },
];
