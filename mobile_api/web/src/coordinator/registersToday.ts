// What the first page counts of the registers. Lists are not counted beyond one short page: "50 or more" says enough.
import { client, type Kind } from '../agreements/agreements';
import { api } from '../api/clients';
import { GroupState } from '../gen/kubari/groups/v1/groups_pb';
import { NeedState } from '../gen/kubari/groups/v1/needs_pb';
import { networkToday } from '../i18n/format';
import type { Count } from './today';

const pageSize = 50;
const counted = (items: unknown[], next: string): Count => ({ n: items.length, more: next !== '' });
const current = [GroupState.ACTIVE, GroupState.SUSPENDED];

export async function groupsToApprove(): Promise<Count> {
  const answer = await api.applications.listApplications({ pageSize, states: [GroupState.APPLIED] });
  return counted(answer.applications, answer.nextPageToken);
}

export async function groupsToReview(): Promise<Count> {
  const answer = await api.groups.listGroups({ pageSize, states: current, reviewDueDate: networkToday() });
  return counted(answer.groups, answer.nextPageToken);
}

export async function groupsStale(): Promise<Count> {
  const answer = await api.groups.listGroups({ pageSize, states: current, stale: true });
  return counted(answer.groups, answer.nextPageToken);
}

export async function surveysOpen(): Promise<Count> {
  const answer = await api.surveys.listSurveys({ pageSize, open: true });
  return counted(answer.surveys, answer.nextPageToken);
}

export async function needsOpen(): Promise<Count> {
  const answer = await api.needs.listNeeds({ pageSize, states: [NeedState.OPEN] });
  return counted(answer.needs, answer.nextPageToken);
}

export async function questionsOpen(): Promise<Count> {
  const answer = await api.broadcasts.listBroadcasts({ pageSize, open: true });
  return counted(answer.broadcasts, answer.nextPageToken);
}

export async function agreementsEnding(kind: Kind): Promise<Count> {
  const answer = await client(kind).listAgreements({ pageSize, endingWithinDays: 60 });
  return counted(answer.agreements, answer.nextPageToken);
}
