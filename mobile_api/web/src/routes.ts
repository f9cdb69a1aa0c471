// What stands at which address, and what the menu offers to whom. Pages are loaded when they are opened; each room lists its own.
import type { Component } from 'svelte';

import { admin } from './admin/routes';
import { audit } from './audit/routes';
import { coordinator } from './coordinator/routes';
import { directory } from './directory/routes';
import { donor } from './donor/routes';
import { Role } from './gen/kubari/type/v1/access_pb';
import { group } from './group/routes';
import type { Key } from './i18n/text';
import { notices } from './notices/routes';
import { offline } from './offline/routes';
import { match } from './router.svelte';
import { scan } from './scan/routes';
import { support } from './support/routes';
import { takeAlong } from './takealong/routes';

type NavKey = Extract<Key, `nav.${string}`>;

export interface Route {
  /** "/lots/:lot"; the ":name" parts become the page's properties. */
  path: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  page: () => Promise<{ default: Component<any> }>;
  /** Can be opened without a session. */
  open?: boolean;
  /** Where the menu leads to this page, and for whom. What one may do there is the services' matter. */
  menu?: { text: NavKey; roles: Role[]; /** Entries with the same group stand together in one drop-down, where its first one stands; alone, an entry stands for itself. */ group?: NavKey };
}

const everyone = [
  Role.VOLUNTEER,
  Role.WAREHOUSE_MANAGER,
  Role.COORDINATOR,
  Role.DONOR,
  Role.GROUP,
  Role.AUDITOR,
  Role.ADMINISTRATOR,
  Role.PARTNER,
];

export const routes: Route[] = [
  { path: '/', page: () => import('./pages/Home.svelte'), menu: { text: 'nav.home', roles: everyone } },
  ...scan,
  ...offline,
  ...coordinator,
  ...donor,
  ...directory,
  ...group,
  ...audit,
  ...support,
  { path: '/lots', page: () => import('./pages/Lots.svelte'), menu: { text: 'nav.lots', roles: everyone.filter((role) => role !== Role.PARTNER), group: 'nav.group.warehouse' } },
  { path: '/lots/:lot', page: () => import('./pages/Lot.svelte') },
  { path: '/deliveries/:delivery', page: () => import('./pages/Delivery.svelte') },
  ...admin,
  ...notices,
  ...takeAlong,
  { path: '/account', page: () => import('./pages/Account.svelte'), menu: { text: 'nav.account', roles: everyone, group: 'nav.group.settings' } },
];

export interface Found {
  route: Route;
  values: Record<string, string>;
}

/** The first route that fits. */
export function find(path: string): Found | undefined {
  for (const route of routes) {
    const values = match(route.path, path);
    if (values) return { route, values };
  }
  return undefined;
}
