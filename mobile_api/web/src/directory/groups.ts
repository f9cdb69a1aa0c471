import type { Tone } from '../components/StateBadge.svelte';
import { GroupState } from '../gen/kubari/groups/v1/groups_pb';

export const tones: Partial<Record<GroupState, Tone>> = {
  [GroupState.UNCONFIRMED]: 'plain',
  [GroupState.APPLIED]: 'wait',
  [GroupState.ACTIVE]: 'good',
  [GroupState.SUSPENDED]: 'bad',
  [GroupState.REJECTED]: 'bad',
};

/** The last part of a name: groups/{uuid} → {uuid}. */
export const idOf = (name: string): string => name.slice(name.indexOf('/') + 1);
