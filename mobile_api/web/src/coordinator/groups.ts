import type { Tone } from '../components/StateBadge.svelte';
import { GroupState } from '../gen/kubari/groups/v1/groups_pb';

export const groupTones: Partial<Record<GroupState, Tone>> = {
  [GroupState.APPLIED]: 'wait',
  [GroupState.ACTIVE]: 'good',
  [GroupState.SUSPENDED]: 'bad',
  [GroupState.UNCONFIRMED]: 'plain',
  [GroupState.REJECTED]: 'bad',
};
