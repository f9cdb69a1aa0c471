import { Role } from '../gen/kubari/type/v1/access_pb';
import type { Route } from '../routes';

export const notices: Route[] = [
  { path: '/notices', page: () => import('./Inbox.svelte') },
  { path: '/notices/settings', page: () => import('./Settings.svelte') },
  // The link in every e-mail leads here, without signing in.
  { path: '/stop-emails/:token', page: () => import('./StopEmails.svelte'), open: true },
  { path: '/admin/notifications', page: () => import('./Admin.svelte'), menu: { text: 'nav.notifications', roles: [Role.ADMINISTRATOR], group: 'nav.group.settings' } },
];
