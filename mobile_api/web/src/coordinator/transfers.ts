import type { Tone } from '../components/StateBadge.svelte';
import { TransferState, type Transfer, type TransferLine } from '../gen/kubari/stock/v1/ledger_pb';
import { t } from './deliveryWords';

export const transferState = (transfer: Transfer) => (transfer.state === TransferState.SENT ? t('transferStateSent') : t('transferStateArrived'));
export const transferTone = (transfer: Transfer): Tone => (transfer.state === TransferState.SENT ? 'wait' : 'good');
export const stillOnItsWay = (line: TransferLine) => line.sentItems - line.arrivedItems - line.shortItems;
