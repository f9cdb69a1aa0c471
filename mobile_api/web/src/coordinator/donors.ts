import { DonorKind } from '../gen/kubari/donors/v1/donors_pb';
import { t } from './registerWords';

export const DONOR_KINDS = [DonorKind.MAKER, DonorKind.WHOLESALER, DonorKind.RETAILER, DonorKind.PUBLIC_STOCKPILE, DonorKind.OTHER];
export const donorKind = (kind: DonorKind): string => t(`donorKind.${DonorKind[kind] as 'MAKER'}`);
