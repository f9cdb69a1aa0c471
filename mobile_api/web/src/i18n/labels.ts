// Enum values and reason codes of the contract in words.
import { LineState, RunState } from '../gen/kubari/allocation/v1/allocation_pb';
import { OfferState } from '../gen/kubari/donors/v1/donors_pb';
import type { Dimension } from '../gen/kubari/impact/v1/impact_pb';
import type { AlertKind } from '../gen/kubari/stock/v1/alerts_pb';
import { PlaceKind } from '../gen/kubari/stock/v1/catalogue_pb';
import { DeliveryState, MovementKind } from '../gen/kubari/stock/v1/ledger_pb';
import { Role } from '../gen/kubari/type/v1/access_pb';
import { ComplianceLevel, DateKind, FoodCategory, TemperatureZone } from '../gen/kubari/type/v1/food_pb';
import { ja } from './ja';
import { t } from './text';

// Written out, so that the contracts of alerts and impact are not loaded with every page. i18n.test.ts compares them with the contract.
export const alertKinds = {
  0: 'UNSPECIFIED',
  1: 'EXPIRED',
  2: 'NEAR_EXPIRY_UNRESERVED',
  3: 'NEAR_EXPIRY',
  4: 'RESERVED_EXPIRING',
  5: 'BELOW_MINIMUM',
  6: 'NEGATIVE_ATTEMPT',
  7: 'UNCONFIRMED_DELIVERY',
  8: 'LATE_TRANSFER',
  9: 'RECALLED_STOCK',
} as const satisfies Record<AlertKind, string>;
export const dimensions = { 0: 'UNSPECIFIED', 1: 'DONOR', 2: 'GROUP', 3: 'CATEGORY', 4: 'MONTH', 5: 'PREFECTURE' } as const satisfies Record<Dimension, string>;

export const label = {
  role: (value: Role) => t(`role.${Role[value] as keyof typeof Role}`),
  offerState: (value: OfferState) => t(`offerState.${OfferState[value] as keyof typeof OfferState}`),
  lineState: (value: LineState) => t(`lineState.${LineState[value] as keyof typeof LineState}`),
  runState: (value: RunState) => t(`runState.${RunState[value] as keyof typeof RunState}`),
  deliveryState: (value: DeliveryState) => t(`deliveryState.${DeliveryState[value] as keyof typeof DeliveryState}`),
  movementKind: (value: MovementKind) => t(`movementKind.${MovementKind[value] as keyof typeof MovementKind}`),
  placeKind: (value: PlaceKind) => t(`placeKind.${PlaceKind[value] as keyof typeof PlaceKind}`),
  alertKind: (value: AlertKind) => t(`alertKind.${alertKinds[value]}`),
  dateKind: (value: DateKind) => t(`dateKind.${DateKind[value] as keyof typeof DateKind}`),
  temperature: (value: TemperatureZone) => t(`temperature.${TemperatureZone[value] as keyof typeof TemperatureZone}`),
  category: (value: FoodCategory) => t(`category.${FoodCategory[value] as keyof typeof FoodCategory}`),
  compliance: (value: ComplianceLevel) => t(`compliance.${ComplianceLevel[value] as keyof typeof ComplianceLevel}`),
  dimension: (value: Dimension) => t(`dimension.${dimensions[value]}`),
  /** Of a discard, shortage, refusal, return, adjustment or reversal. */
  reason: (code: string) => (isReason(code) ? t(`reason.${code}`) : code),
};

type Reason = keyof typeof ja extends infer K ? (K extends `reason.${infer Name}` ? Name : never) : never;

function isReason(code: string): code is Reason {
  return `reason.${code}` in ja;
}
