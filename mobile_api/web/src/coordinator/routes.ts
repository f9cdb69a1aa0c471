import { Role } from '../gen/kubari/type/v1/access_pb';
import type { Route } from '../routes';

const office = [Role.COORDINATOR];
// Who may read along; what one may do is decided on each page, and by the services.
const readers = [Role.COORDINATOR, Role.AUDITOR];
const registrars = [Role.COORDINATOR, Role.ADMINISTRATOR];
const deliver = 'nav.group.deliver';
const registers = 'nav.group.registers';
const settings = 'nav.group.settings';

export const coordinator: Route[] = [
  { path: '/offers', page: () => import('./Offers.svelte'), menu: { text: 'nav.offers', roles: readers } },
  { path: '/offers/new', page: () => import('./NewOffer.svelte') },
  { path: '/offers/:offer', page: () => import('./Offer.svelte') },
  { path: '/broadcasts', page: () => import('./Broadcasts.svelte'), menu: { text: 'nav.broadcasts', roles: readers, group: deliver } },
  { path: '/broadcasts/new', page: () => import('./NewBroadcast.svelte') },
  { path: '/broadcasts/new/:offer/:line', page: () => import('./NewBroadcast.svelte') },
  { path: '/broadcasts/:broadcast', page: () => import('./Broadcast.svelte') },
  { path: '/standing', page: () => import('../donor/Standing.svelte'), menu: { text: 'nav.standing', roles: readers, group: registers } },
  { path: '/stock', page: () => import('./Stock.svelte'), menu: { text: 'nav.stock', roles: readers, group: 'nav.group.warehouse' } },
  { path: '/alerts', page: () => import('./Alerts.svelte') },
  { path: '/runs', page: () => import('./Runs.svelte'), menu: { text: 'nav.runs', roles: readers } },
  { path: '/runs/new', page: () => import('./NewRun.svelte') },
  { path: '/runs/:run', page: () => import('./Run.svelte') },
  { path: '/runs/:run/groups/:group', page: () => import('./Explain.svelte') },
  { path: '/runs/:run/choose/:group', page: () => import('../group/Round.svelte') },
  { path: '/shares', page: () => import('./Shares.svelte'), menu: { text: 'nav.shares', roles: readers, group: deliver } },
  { path: '/deliveries', page: () => import('./Deliveries.svelte'), menu: { text: 'nav.deliveries', roles: readers, group: deliver } },
  { path: '/transfers', page: () => import('./Transfers.svelte'), menu: { text: 'nav.transfers', roles: [...readers, Role.WAREHOUSE_MANAGER], group: deliver } },
  { path: '/transfers/:transfer', page: () => import('./Transfer.svelte') },
  { path: '/recalls', page: () => import('./Recalls.svelte'), menu: { text: 'nav.recalls', roles: readers, group: deliver } },
  { path: '/recalls/:recall', page: () => import('./Recall.svelte') },
  { path: '/groups', page: () => import('./Groups.svelte'), menu: { text: 'nav.groups', roles: [...registrars, Role.AUDITOR], group: registers } },
  { path: '/groups/:group', page: () => import('./Group.svelte') },
  { path: '/groups/:group/profile', page: () => import('./GroupProfile.svelte') },
  { path: '/donors', page: () => import('./Donors.svelte'), menu: { text: 'nav.donors', roles: [...registrars, Role.AUDITOR], group: registers } },
  { path: '/donors/:donor', page: () => import('./Donor.svelte') },
  { path: '/donors/:donor/profile', page: () => import('../donor/Profile.svelte') },
  { path: '/agreements', page: () => import('../agreements/Ending.svelte'), menu: { text: 'nav.agreements', roles: [...registrars, Role.AUDITOR], group: registers } },
  { path: '/agreements/:kind/:party/:agreement', page: () => import('../agreements/Agreement.svelte') },
  { path: '/products', page: () => import('./Products.svelte'), menu: { text: 'nav.products', roles: registrars, group: registers } },
  { path: '/products/:product', page: () => import('./Product.svelte') },
  { path: '/warehouses', page: () => import('./Warehouses.svelte'), menu: { text: 'nav.warehouses', roles: registrars, group: registers } },
  { path: '/warehouses/:warehouse', page: () => import('./Warehouse.svelte') },
  { path: '/import', page: () => import('./Import.svelte'), menu: { text: 'nav.import', roles: registrars, group: registers } },
  { path: '/rules', page: () => import('./Rules.svelte'), menu: { text: 'nav.rules', roles: [...office, Role.ADMINISTRATOR], group: settings } },
];
