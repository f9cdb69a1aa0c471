import { Role } from '../gen/kubari/type/v1/access_pb';
import type { Route } from '../routes';

const parties = [Role.PARTNER, Role.COORDINATOR, Role.GROUP];
const group = 'nav.group.support';

export const support: Route[] = [
  { path: '/support', page: () => import('./Requests.svelte'), menu: { text: 'nav.support', roles: parties, group } },
  { path: '/support/new', page: () => import('./NewRequest.svelte'), menu: { text: 'nav.supportNew', roles: [Role.PARTNER, Role.COORDINATOR], group } },
  { path: '/campaigns', page: () => import('./Campaigns.svelte'), menu: { text: 'nav.campaigns', roles: [Role.COORDINATOR], group } },
  { path: '/campaigns/new', page: () => import('./NewCampaign.svelte') },
  { path: '/campaigns/:campaign', page: () => import('./Campaign.svelte') },
  { path: '/support-figures', page: () => import('./Figures.svelte'), menu: { text: 'nav.supportFigures', roles: [Role.PARTNER, Role.COORDINATOR, Role.AUDITOR, Role.ADMINISTRATOR], group } },
  { path: '/support-settings', page: () => import('./Settings.svelte'), menu: { text: 'nav.supportSettings', roles: [Role.ADMINISTRATOR], group } },
  { path: '/support/:request', page: () => import('./Request.svelte') },
  { path: '/support/:request/edit', page: () => import('./EditRequest.svelte') },
  { path: '/campaign/:code', page: () => import('./PublicForm.svelte'), open: true },
  { path: '/campaign/:code/receipt', page: () => import('./PublicReceipt.svelte'), open: true },
];
