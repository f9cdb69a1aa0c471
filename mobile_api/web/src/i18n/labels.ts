// Enum values and reason codes of the contract in words.
import { LineState, RunState } from '../gen/kubari/allocation/v1/allocation_pb';
import { OfferState } from '../gen/kubari/donors/v1/donors_pb';
import { Dimension } from '../gen/kubari/impact/v1/impact_pb';
import { AlertKind } from '../gen/kubari/stock/v1/alerts_pb';
import { PlaceKind } from '../gen/kubari/stock/v1/catalogue_pb';
import { DeliveryState, MovementKind } from '../gen/kubari/stock/v1/ledger_pb';
import { Role } from '../gen/kubari/type/v1/access_pb';
import { ComplianceLevel, DateKind, FoodCategory, TemperatureZone } from '../gen/kubari/type/v1/food_pb';
import { ja } from './ja';
import { t } from './text';

export const label = {
  role: (value: Role) => t(`role.${Role[value] as keyof typeof Role}`),
  offerState: (value: OfferState) => t(`offerState.${OfferState[value] as keyof typeof OfferState}`),
  lineState: (value: LineState) => t(`lineState.${LineState[value] as keyof typeof LineState}`),
  runState: (value: RunState) => t(`runState.${RunState[value] as keyof typeof RunState}`),
  deliveryState: (value: DeliveryState) => t(`deliveryState.${DeliveryState[value] as keyof typeof DeliveryState}`),
  movementKind: (value: MovementKind) => t(`movementKind.${MovementKind[value] as keyof typeof MovementKind}`),
  placeKind: (value: PlaceKind) => t(`placeKind.${PlaceKind[value] as keyof typeof PlaceKind}`),
  alertKind: (value: AlertKind) => t(`alertKind.${AlertKind[value] as keyof typeof AlertKind}`),
  dateKind: (value: DateKind) => t(`dateKind.${DateKind[value] as keyof typeof DateKind}`),
  temperature: (value: TemperatureZone) => t(`temperature.${TemperatureZone[value] as keyof typeof TemperatureZone}`),
  category: (value: FoodCategory) => t(`category.${FoodCategory[value] as keyof typeof FoodCategory}`),
  compliance: (value: ComplianceLevel) => t(`compliance.${ComplianceLevel[value] as keyof typeof ComplianceLevel}`),
  dimension: (value: Dimension) => t(`dimension.${Dimension[value] as keyof typeof Dimension}`),
  /** Of a discard, shortage, refusal, return, adjustment or reversal. */
  reason: (code: string) => (isReason(code) ? t(`reason.${code}`) : code),
};

type Reason = keyof typeof ja extends infer K ? (K extends `reason.${infer Name}` ? Name : never) : never;

function isReason(code: string): code is Reason {
  return `reason.${code}` in ja;
}
