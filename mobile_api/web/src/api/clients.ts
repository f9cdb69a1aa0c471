// One client per service, all over one transport. Tests connect another one.
import type { DescService } from '@bufbuild/protobuf';
import { createClient, type Client, type Transport } from '@connectrpc/connect';

import { AllocationService } from '../gen/kubari/allocation/v1/allocation_pb';
import type { AgreementsService as DonorAgreements } from '../gen/kubari/donors/v1/agreements_pb';
import type { BroadcastsService } from '../gen/kubari/donors/v1/broadcasts_pb';
import { DonorsService } from '../gen/kubari/donors/v1/donors_pb';
import type { DonorProfilesService } from '../gen/kubari/donors/v1/profile_pb';
import type { OfferQuestionsService } from '../gen/kubari/donors/v1/questions_pb';
import type { StandingOffersService } from '../gen/kubari/donors/v1/standing_offers_pb';
import type { AgreementsService as GroupAgreements } from '../gen/kubari/groups/v1/agreements_pb';
import type { ApplicationsService } from '../gen/kubari/groups/v1/applications_pb';
import type { GroupsService } from '../gen/kubari/groups/v1/groups_pb';
import type { MunicipalitiesService } from '../gen/kubari/groups/v1/municipalities_pb';
import type { NeedsService } from '../gen/kubari/groups/v1/needs_pb';
import type { SurveysService } from '../gen/kubari/groups/v1/surveys_pb';
import { IdentityService } from '../gen/kubari/identity/v1/identity_pb';
import type { MarketService } from '../gen/kubari/allocation/v1/market_pb';
import type { ImpactService } from '../gen/kubari/impact/v1/impact_pb';
import type { NotificationsService } from '../gen/kubari/notifications/v1/notifications_pb';
import type { CampaignService } from '../gen/kubari/support/v1/campaigns_pb';
import type { SupportService } from '../gen/kubari/support/v1/support_pb';
import type { AlertsService } from '../gen/kubari/stock/v1/alerts_pb';
import type { LabelsService } from '../gen/kubari/stock/v1/labels_pb';
import type { RecallsService } from '../gen/kubari/stock/v1/recalls_pb';
import { StockService } from '../gen/kubari/stock/v1/stock_pb';
import { StocktakesService } from '../gen/kubari/stock/v1/stocktakes_pb';

export interface Clients {
  applications: Client<typeof ApplicationsService>;
  municipalities: Client<typeof MunicipalitiesService>;
  needs: Client<typeof NeedsService>;
  surveys: Client<typeof SurveysService>;
  alerts: Client<typeof AlertsService>;
  allocation: Client<typeof AllocationService>;
  campaigns: Client<typeof CampaignService>;
  broadcasts: Client<typeof BroadcastsService>;
  donorAgreements: Client<typeof DonorAgreements>;
  donorProfiles: Client<typeof DonorProfilesService>;
  donors: Client<typeof DonorsService>;
  groupAgreements: Client<typeof GroupAgreements>;
  groups: Client<typeof GroupsService>;
  identity: Client<typeof IdentityService>;
  impact: Client<typeof ImpactService>;
  labels: Client<typeof LabelsService>;
  notifications: Client<typeof NotificationsService>;
  questions: Client<typeof OfferQuestionsService>;
  market: Client<typeof MarketService>;
  recalls: Client<typeof RecallsService>;
  standing: Client<typeof StandingOffersService>;
  stock: Client<typeof StockService>;
  stocktakes: Client<typeof StocktakesService>;
  support: Client<typeof SupportService>;
}

export const api = {} as Clients;

/** Call once, before anything is shown. */
export function connect(transport: Transport): void {
  Object.assign(api, clientsOf(transport));
}

export function clientsOf(transport: Transport): Clients {
  return {
    applications: later(() => import('../gen/kubari/groups/v1/applications_pb').then((one) => one.ApplicationsService), transport),
    municipalities: later(() => import('../gen/kubari/groups/v1/municipalities_pb').then((one) => one.MunicipalitiesService), transport),
    needs: later(() => import('../gen/kubari/groups/v1/needs_pb').then((one) => one.NeedsService), transport),
    surveys: later(() => import('../gen/kubari/groups/v1/surveys_pb').then((one) => one.SurveysService), transport),
    alerts: later(() => import('../gen/kubari/stock/v1/alerts_pb').then((one) => one.AlertsService), transport),
    allocation: createClient(AllocationService, transport),
    donors: createClient(DonorsService, transport),
    groups: later(() => import('../gen/kubari/groups/v1/groups_pb').then((one) => one.GroupsService), transport),
    identity: createClient(IdentityService, transport),
    impact: later(() => import('../gen/kubari/impact/v1/impact_pb').then((one) => one.ImpactService), transport),
    labels: later(() => import('../gen/kubari/stock/v1/labels_pb').then((one) => one.LabelsService), transport),
    market: later(() => import('../gen/kubari/allocation/v1/market_pb').then((one) => one.MarketService), transport),
    recalls: later(() => import('../gen/kubari/stock/v1/recalls_pb').then((one) => one.RecallsService), transport),
    stock: createClient(StockService, transport),
    stocktakes: createClient(StocktakesService, transport),
    broadcasts: later(() => import('../gen/kubari/donors/v1/broadcasts_pb').then((one) => one.BroadcastsService), transport),
    donorAgreements: later(() => import('../gen/kubari/donors/v1/agreements_pb').then((one) => one.AgreementsService), transport),
    donorProfiles: later(() => import('../gen/kubari/donors/v1/profile_pb').then((one) => one.DonorProfilesService), transport),
    groupAgreements: later(() => import('../gen/kubari/groups/v1/agreements_pb').then((one) => one.AgreementsService), transport),
    notifications: later(() => import('../gen/kubari/notifications/v1/notifications_pb').then((one) => one.NotificationsService), transport),
    questions: later(() => import('../gen/kubari/donors/v1/questions_pb').then((one) => one.OfferQuestionsService), transport),
    standing: later(() => import('../gen/kubari/donors/v1/standing_offers_pb').then((one) => one.StandingOffersService), transport),
    campaigns: later(() => import('../gen/kubari/support/v1/campaigns_pb').then((one) => one.CampaignService), transport),
    support: later(() => import('../gen/kubari/support/v1/support_pb').then((one) => one.SupportService), transport),
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
