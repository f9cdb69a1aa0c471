// What kinds of notices are called.
import { NoticeKind } from '../gen/kubari/notifications/v1/notice_pb';
import { t } from './words';

export const kindName = (kind: NoticeKind): string => t(`kind.${NoticeKind[kind]}` as 'kind.TEST');

/** Every kind that a webhook can ask for. */
export const allKinds = Object.values(NoticeKind).filter((kind): kind is NoticeKind => typeof kind === 'number' && kind !== NoticeKind.UNSPECIFIED && kind !== NoticeKind.INVITE);
