import { BroadcastReply, type Broadcast } from '../gen/kubari/donors/v1/broadcasts_pb';
import { t } from './words';

export const replyText = (reply: BroadcastReply) =>
  reply === BroadcastReply.YES ? t('yes') : reply === BroadcastReply.NO ? t('no') : reply === BroadcastReply.LATER ? t('later') : t('waiting');
export const replyTone = (reply: BroadcastReply) => (reply === BroadcastReply.YES ? 'good' : reply === BroadcastReply.LATER ? 'wait' : 'plain') as 'good' | 'wait' | 'plain';
export const idOf = (broadcast: Broadcast) => broadcast.name.split('/')[1];
/** "offers/{a}/lines/{b}" → "{a}". */
export const offerOf = (broadcast: Broadcast) => broadcast.offerLine.split('/')[1] ?? '';
export const silent = (broadcast: Broadcast) => broadcast.askedCount - broadcast.yesCount - broadcast.noCount - broadcast.laterCount;
