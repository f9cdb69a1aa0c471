// One client per service, all over one transport. Tests connect another one.
import type { DescService } from '@bufbuild/protobuf';
import { createClient, type Client, type Transport } from '@connectrpc/connect';

import { AllocationService } from '../gen/kubari/allocation/v1/allocation_pb';
import { DonorsService } from '../gen/kubari/donors/v1/donors_pb';
import { GroupsService } from '../gen/kubari/groups/v1/groups_pb';
import { IdentityService } from '../gen/kubari/identity/v1/identity_pb';
import type { ImpactService } from '../gen/kubari/impact/v1/impact_pb';
import type { AlertsService } from '../gen/kubari/stock/v1/alerts_pb';
import type { LabelsService } from '../gen/kubari/stock/v1/labels_pb';
import type { RecallsService } from '../gen/kubari/stock/v1/recalls_pb';
import { StockService } from '../gen/kubari/stock/v1/stock_pb';
import { StocktakesService } from '../gen/kubari/stock/v1/stocktakes_pb';

export interface Clients {
  alerts: Client<typeof AlertsService>;
  allocation: Client<typeof AllocationService>;
  donors: Client<typeof DonorsService>;
  groups: Client<typeof GroupsService>;
  identity: Client<typeof IdentityService>;
  impact: Client<typeof ImpactService>;
  labels: Client<typeof LabelsService>;
  recalls: Client<typeof RecallsService>;
  stock: Client<typeof StockService>;
  stocktakes: Client<typeof StocktakesService>;
}

export const api = {} as Clients;

/** Call once, before anything is shown. */
export function connect(transport: Transport): void {
  Object.assign(api, clientsOf(transport));
}

export function clientsOf(transport: Transport): Clients {
  return {
    alerts: later(() => import('../gen/kubari/stock/v1/alerts_pb').then((one) => one.AlertsService), transport),
    allocation: createClient(AllocationService, transport),
    donors: createClient(DonorsService, transport),
    groups: createClient(GroupsService, transport),
    identity: createClient(IdentityService, transport),
    impact: later(() => import('../gen/kubari/impact/v1/impact_pb').then((one) => one.ImpactService), transport),
    labels: later(() => import('../gen/kubari/stock/v1/labels_pb').then((one) => one.LabelsService), transport),
    recalls: later(() => import('../gen/kubari/stock/v1/recalls_pb').then((one) => one.RecallsService), transport),
    stock: createClient(StockService, transport),
    stocktakes: createClient(StocktakesService, transport),
  };
}

/** A client whose contract is loaded with the first call: what a phone in the warehouse can do without. */
function later<S extends DescService>(load: () => Promise<S>, transport: Transport): Client<S> {
  let client: Promise<Record<string, (...given: unknown[]) => Promise<unknown>>> | undefined;
  const ready = () =>
    (client ??= load().then(
      (service) => createClient(service, transport) as never,
      (error) => {
        client = undefined;
        throw error;
      },
    ));
  return new Proxy({} as Client<S>, {
    get: (_, method: string) => async (...given: unknown[]) => (await ready())[method](...given),
  });
}
