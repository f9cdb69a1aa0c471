// A small network for component tests: a router that answers like the services. Tests replace what they look at.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate, type Timestamp } from '@bufbuild/protobuf/wkt';
import { createRouterTransport, type ConnectRouter, type ServiceImpl } from '@connectrpc/connect';

import { connect } from '../api/clients';
import { edge } from '../api/transport';
import { AllocationService, LineState, RunState } from '../gen/kubari/allocation/v1/allocation_pb';
import { DonorsService, OfferState } from '../gen/kubari/donors/v1/donors_pb';
import { DonorProfilesService } from '../gen/kubari/donors/v1/profile_pb';
import { OfferQuestionsService } from '../gen/kubari/donors/v1/questions_pb';
import { GroupsService, GroupState } from '../gen/kubari/groups/v1/groups_pb';
import { MunicipalitiesService } from '../gen/kubari/groups/v1/municipalities_pb';
import { IdentityService, SessionSchema, type Session } from '../gen/kubari/identity/v1/identity_pb';
import { ImpactService } from '../gen/kubari/impact/v1/impact_pb';
import { AlertKind, AlertsService } from '../gen/kubari/stock/v1/alerts_pb';
import { PlaceKind, type LotSchema } from '../gen/kubari/stock/v1/catalogue_pb';
import { DeliveryState, MovementKind, type MovementSchema } from '../gen/kubari/stock/v1/ledger_pb';
import { LabelsService } from '../gen/kubari/stock/v1/labels_pb';
import { RecallsService } from '../gen/kubari/stock/v1/recalls_pb';
import { StockService } from '../gen/kubari/stock/v1/stock_pb';
import { StocktakesService } from '../gen/kubari/stock/v1/stocktakes_pb';
import { CampaignService } from '../gen/kubari/support/v1/campaigns_pb';
import { SupportService } from '../gen/kubari/support/v1/support_pb';
import { Role } from '../gen/kubari/type/v1/access_pb';
import { DateKind, FoodCategory, TemperatureZone } from '../gen/kubari/type/v1/food_pb';

export const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
export const at = (iso: string): Timestamp => timestampFromDate(new Date(iso));

export const lot: MessageInitShape<typeof LotSchema> = {
  name: `lots/${id(1)}`,
  code: 'K7M2PQ4',
  productDisplayName: 'やわらかごはん 200g',
  gtin: '09520000000019',
  category: FoodCategory.CARE,
  goodUntil: { kind: DateKind.BEST_BEFORE, date: '2027-03' },
  temperatureZone: TemperatureZone.AMBIENT,
  donorLotNumber: 'L-0412',
  donor: `donors/${id(20)}`,
  donorDisplayName: '例示食品株式会社',
  itemsPerCase: 24n,
  conditions: { minRemainingDays: 14, excludedPrefectures: ['13'], donorMayBeNamed: true },
};

// Of the places below, by number.
const kinds: Record<number, PlaceKind> = {
  100: PlaceKind.DONOR,
  101: PlaceKind.SHELF,
  102: PlaceKind.DELIVERY,
  103: PlaceKind.GROUP,
  104: PlaceKind.ADJUSTMENT,
};
type MovementInit = MessageInitShape<typeof MovementSchema>;
const move = (position: number, kind: MovementKind, from: [number, string], to: [number, string], n: bigint, more: MovementInit = {}): MovementInit => ({
  name: `movements/${id(1000 + position)}`,
  position: BigInt(position),
  kind,
  lot: lot.name,
  lotCode: lot.code,
  fromKind: kinds[from[0]],
  toKind: kinds[to[0]],
  effectKind: kind,
  effectItems: n,
  fromPlace: `places/${id(from[0])}`,
  fromDisplayName: from[1],
  toPlace: `places/${id(to[0])}`,
  toDisplayName: to[1],
  items: n,
  occurredTime: at(`2026-11-0${1 + position}T01:00:00Z`),
  recordedTime: at(`2026-11-0${1 + position}T01:00:01Z`),
  ...more,
});

const donor: [number, string] = [100, '例示食品株式会社'];
const shelf: [number, string] = [101, '東倉庫 A-01'];
const way: [number, string] = [102, 'みどり子ども食堂（配送中）'];
const group: [number, string] = [103, 'みどり子ども食堂'];
const delivery = `deliveries/${id(50)}`;

/** 240 in, 48 issued and taken back, 72 issued, 70 arrived, 2 missing, 24 reserved. */
export const movements: MovementInit[] = [
  move(0, MovementKind.RECEIVE, donor, shelf, 240n),
  move(1, MovementKind.ISSUE, shelf, way, 48n, { delivery: `deliveries/${id(51)}` }),
  move(2, MovementKind.REVERSAL, way, shelf, 48n, { reverses: `movements/${id(1001)}`, effectKind: MovementKind.ISSUE, effectItems: -48n, delivery: `deliveries/${id(51)}`, reason: 'MISTAKE' }),
  move(3, MovementKind.ISSUE, shelf, way, 72n, { delivery }),
  move(4, MovementKind.CONFIRM, way, group, 70n, { delivery }),
  move(5, MovementKind.SHORTAGE, way, [104, '差異'], 2n, { delivery, reason: 'MISSING' }),
  move(6, MovementKind.RESERVE, shelf, shelf, 24n),
];

const line = {
  name: `runs/${id(60)}/lines/${id(61)}`,
  state: LineState.OFFERED,
  group: `groups/${id(30)}`,
  groupDisplayName: 'みどり子ども食堂',
  lot: lot.name,
  lotCode: lot.code,
  productDisplayName: lot.productDisplayName,
  goodUntil: lot.goodUntil,
  temperatureZone: TemperatureZone.AMBIENT,
  placeDisplayName: shelf[1],
  items: 48n,
  itemsPerCase: 24n,
  explanation: 'The group with the least food per household came first.',
  explanationJa: '世帯あたりの食品が最も少ない団体を先にしました。',
  answerDueTime: at('2026-11-23T03:00:00Z'),
  pickUpDueTime: at('2026-11-30T03:00:00Z'),
};

const offer = {
  name: `offers/${id(40)}`,
  donor: lot.donor,
  donorDisplayName: '例示食品株式会社',
  code: '2026-11-A',
  title: '秋の介護食',
  state: OfferState.ACCEPTED,
  readyDate: '2026-11-01',
  lines: [
    {
      name: `offers/${id(40)}/lines/${id(41)}`,
      productDisplayName: lot.productDisplayName,
      cases: 20n,
      itemsPerCase: 24n,
      acceptedCases: 10n,
      receivedItems: 240n,
      goodUntil: lot.goodUntil,
      temperatureZone: TemperatureZone.AMBIENT,
    },
  ],
};

const figures = {
  deliveries: 3n,
  items: 1234n,
  grams: 246_800n,
  householdsDistinct: 45n,
  householdsCumulative: 135n,
  groups: 2n,
  donors: 1n,
  shippedItems: 1300n,
  shippedGrams: 260_000n,
  receivedItems: 4800n,
  receivedGrams: 960_000n,
};

const person = { name: `people/${id(70)}`, displayName: '管理 花子', email: 'hanako@network.example', grants: [{ organisation: `organisations/${id(2)}`, role: Role.ADMINISTRATOR }], hasPassword: true };

export function sessionAs(...roles: Role[]): Session {
  const organisation: Partial<Record<Role, number>> = { [Role.DONOR]: 20, [Role.GROUP]: 30 };
  return create(SessionSchema, {
    network: { name: `networks/${id(9)}`, code: 'rei', displayName: '例示ネットワーク', timeZone: 'Asia/Tokyo' },
    subject: person.name,
    displayName: person.displayName,
    grants: roles.map((role) => ({ organisation: `organisations/${id(organisation[role] ?? 2)}`, role })),
    locale: 'ja',
    expireTime: at('2026-12-21T00:00:00Z'),
  });
}

export interface Overrides {
  identity?: Partial<ServiceImpl<typeof IdentityService>>;
  campaigns?: Partial<ServiceImpl<typeof CampaignService>>;
  donors?: Partial<ServiceImpl<typeof DonorsService>>;
  stock?: Partial<ServiceImpl<typeof StockService>>;
  support?: Partial<ServiceImpl<typeof SupportService>>;
  allocation?: Partial<ServiceImpl<typeof AllocationService>>;
  groups?: Partial<ServiceImpl<typeof GroupsService>>;
  stocktakes?: Partial<ServiceImpl<typeof StocktakesService>>;
  impact?: Partial<ServiceImpl<typeof ImpactService>>;
  alerts?: Partial<ServiceImpl<typeof AlertsService>>;
  labels?: Partial<ServiceImpl<typeof LabelsService>>;
  recalls?: Partial<ServiceImpl<typeof RecallsService>>;
}

/** All RPCs that the pages use. */
export function routes(session: Session, over: Overrides = {}): (router: ConnectRouter) => void {
  return (router) => {
    router.service(IdentityService, {
      getSession: () => session,
      signIn: () => ({ session }),
      signOut: () => ({}),
      redeemInvite: () => ({ session }),
      setPassword: () => ({}),
      listPeople: () => ({ people: [person] }),
      getOrganisation: (request) => ({ name: request.name, displayName: '例示ネットワーク事務局' }),
      listOrganisations: () => ({ organisations: [{ name: `organisations/${id(2)}`, displayName: '東倉庫の会' }] }),
      listInvites: () => ({ invites: [{ name: `invites/${id(80)}`, grant: { organisation: `organisations/${id(2)}`, role: Role.VOLUNTEER }, usesLeft: 9, expireTime: at('2099-01-01T00:00:00Z') }] }),
      createInvite: () => ({ invite: { name: `invites/${id(81)}`, expireTime: at('2099-01-01T00:00:00Z') }, code: 'ABCDE-FGHJK-LMNPQ-RSTUV' }),
      revokeInvite: (request) => ({ name: request.name, revoked: true }),
      listDevices: () => ({ devices: [{ name: `devices/${id(82)}`, displayName: '倉庫スマホ 1', grant: { organisation: `organisations/${id(2)}`, role: Role.VOLUNTEER }, lastSeenTime: at('2026-11-20T00:00:00Z') }] }),
      revokeDevice: (request) => ({ name: request.name, revoked: true }),
      ...over.identity,
    });
    router.service(DonorProfilesService, { getDonorProfile: (request) => ({ donor: request.donor }) });
    router.service(OfferQuestionsService, { listOfferMessages: () => ({}) });
    router.service(DonorsService, { listOffers: () => ({ offers: [offer] }), getDonor: (request) => ({ name: request.name, displayName: '例示食品株式会社' }), ...over.donors });
    router.service(StockService, {
      listPlaces: () => ({ places: [{ name: `places/${id(101)}`, kind: PlaceKind.SHELF, warehouse: `warehouses/${id(10)}`, code: 'A-01', temperatureZone: TemperatureZone.AMBIENT, displayName: shelf[1] }] }),
      listProducts: () => ({}),
      listTransfers: () => ({}),
      listMovements: () => ({}),
      getStockRules: () => ({}),
      listWarehouses: () => ({ warehouses: [{ name: `warehouses/${id(10)}`, code: 'E', displayName: '東倉庫', organisation: `organisations/${id(2)}` }] }),
      listBalances: () => ({ balances: [{ lot, place: { displayName: shelf[1], kind: PlaceKind.SHELF }, onHand: 168n, reserved: 24n, free: 144n }] }),
      listLots: () => ({ lots: [lot] }),
      listDeliveries: (request) => ({
        deliveries: [{ name: delivery, group: `groups/${id(30)}`, groupDisplayName: group[1], state: request.state, shipTime: at('2026-11-04T01:00:00Z'), confirmTime: request.state === DeliveryState.CONFIRMED ? at('2026-11-05T01:00:00Z') : undefined, lines: [{ lot, issuedItems: 72n, confirmedItems: request.state === DeliveryState.CONFIRMED ? 70n : 0n, shortItems: request.state === DeliveryState.CONFIRMED ? 2n : 0n }] }],
      }),
      confirmReceipt: () => ({}),
      lookUpCode: () => ({ lots: [lot] }),
      traceLot: () => ({
        lot,
        offer: offer.name,
        offerTitle: offer.title,
        movements,
        holders: [
          { place: { kind: PlaceKind.DONOR, displayName: donor[1] }, items: -240n },
          { place: { kind: PlaceKind.SHELF, displayName: shelf[1] }, items: 168n },
          { place: { kind: PlaceKind.GROUP, displayName: group[1] }, items: 70n },
          { place: { kind: PlaceKind.ADJUSTMENT, displayName: '差異' }, items: 2n },
        ],
      }),
      readFeed: (request) => ({ entries: movements.slice(Number(request.position)).map((movement) => ({ movement, lot })), nextPosition: 7n }),
      ...over.stock,
    });
    router.service(AlertsService, {
      countAlerts: () => ({ counts: [{ kind: AlertKind.NEAR_EXPIRY_UNRESERVED, count: 2n }, { kind: AlertKind.EXPIRED, count: 0n }] }),
      listAlerts: (request) => ({ alerts: [{ kind: request.kind, lot, place: { displayName: shelf[1] }, onHand: 168n, reserved: 24n, free: 144n, days: 9 }] }),
      ...over.alerts,
    });
    router.service(LabelsService, { printLabels: () => ({ pdf: new Uint8Array([37]), fileName: 'labels.pdf', pages: 1 }), ...over.labels });
    router.service(RecallsService, { listRecallNotices: () => ({}), listRecalls: () => ({}), previewRecall: () => ({}), ...over.recalls });
    router.service(AllocationService, {
      listLines: (request) => ({ lines: [{ ...line, state: request.states[0] }] }),
      acceptLine: () => line,
      refuseLine: () => line,
      getPickList: () => ({ deliveries: [{ delivery, groupDisplayName: group[1], pickUpDueTime: line.pickUpDueTime, lines: [{ ...line, state: LineState.ACCEPTED }] }] }),
      listRuns: () => ({ runs: [{ name: `runs/${id(60)}`, title: '11月の配分', state: RunState.PUBLISHED, handOverDate: '2026-11-22', answerDueTime: line.answerDueTime, summary: { allocatedItems: 1200n, freeItems: 1440n, groupsServed: 12 } }] }),
      ...over.allocation,
    });
    router.service(GroupsService, { listGroups: () => ({ groups: [] }), getGroup: (request) => ({ name: request.name, displayName: 'みどり子ども食堂', state: GroupState.ACTIVE, agreementInForce: true }), ...over.groups });
    router.service(MunicipalitiesService, { listMunicipalities: () => ({ municipalities: [{ code: '13104', prefecture: '東京都', displayName: '新宿区', nameKana: 'しんじゅくく' }] }) });
    router.service(CampaignService, { ...over.campaigns });
    router.service(SupportService, { listJournal: () => ({}), listLooks: () => ({}), listAddressees: () => ({}), listSupportRequests: () => ({}), ...over.support });
    router.service(StocktakesService, { listStocktakes: () => ({}), ...over.stocktakes });
    router.service(ImpactService, {
      getImpact: (request) => ({
        total: figures,
        rows: request.dimension ? [{ key: '2026-11', figures }] : [],
        ledgerPosition: 5n,
        ledgerTime: at('2026-11-05T01:00:01Z'),
      }),
      listImpactMovements: () => ({ movements: [{ position: 4n, date: '2026-11-05', kind: 'CONFIRM', donorDisplayName: donor[1], groupDisplayName: group[1], lot: lot.name, productDisplayName: lot.productDisplayName, items: 70n, grams: 14_000n }] }),
      ...over.impact,
    });
  };
}

/** Connects the app to such a network. */
export function useNetwork(session: Session, over: Overrides = {}): void {
  connect(createRouterTransport(routes(session, over), { transport: { interceptors: [edge] } }));
}
