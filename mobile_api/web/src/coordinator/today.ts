// What the coordinator's home page counts.
import { timestampDate } from '@bufbuild/protobuf/wkt';

import { api } from '../api/clients';
import { LineState, RunState, type Run } from '../gen/kubari/allocation/v1/allocation_pb';
import { OfferState, type Offer } from '../gen/kubari/donors/v1/donors_pb';
import { RecallState } from '../gen/kubari/stock/v1/recalls_pb';

/** So many, or more where `more`: lists are not counted beyond one page. */
export interface Count {
  n: number;
  more: boolean;
}
const PAGE = 200;
const counted = (items: unknown[], next: string): Count => ({ n: items.length, more: next !== '' });
const sum = (counts: Count[]): Count => ({ n: counts.reduce((all, { n }) => all + n, 0), more: counts.some(({ more }) => more) });

export async function offersToAnswer(): Promise<Count> {
  const answer = await api.donors.listOffers({ pageSize: PAGE, states: [OfferState.SUBMITTED] });
  return counted(answer.offers, answer.nextPageToken);
}

export async function openRecalls(): Promise<Count> {
  const answer = await api.recalls.listRecalls({ pageSize: PAGE, state: RecallState.OPEN });
  return counted(answer.recalls, answer.nextPageToken);
}

export interface RunsToday {
  toPublish: Count;
  /** Lines that wait for an answer, and those that nobody wanted or answered in time, while their goods may still be fetched. */
  unanswered: Count;
  refused: Count;
  /** The run with most of each, to begin with. */
  unansweredRun?: Run;
  refusedRun?: Run;
}

export async function runsToday(now: Date = new Date()): Promise<RunsToday> {
  const { runs } = await api.allocation.listRuns({ pageSize: 50 });
  const proposed = runs.filter((run) => run.state === RunState.PROPOSED);
  const current = runs.filter((run) => run.state === RunState.PUBLISHED && run.pickUpDueTime && timestampDate(run.pickUpDueTime) > now).slice(0, 6);
  const lines = (run: Run, states: LineState[]) =>
    api.allocation.listLines({ pageSize: PAGE, run: run.name, states }).then((answer) => counted(answer.lines, answer.nextPageToken));
  const unanswered = await Promise.all(current.map((run) => lines(run, [LineState.OFFERED])));
  const refused = await Promise.all(current.map((run) => lines(run, [LineState.REFUSED, LineState.EXPIRED])));
  const most = (counts: Count[]) => current[counts.findIndex(({ n }) => n > 0 && n === Math.max(...counts.map((one) => one.n)))];
  return {
    toPublish: counted(proposed, ''),
    unanswered: sum(unanswered),
    refused: sum(refused),
    unansweredRun: most(unanswered),
    refusedRun: most(refused),
  };
}

export async function arrivals(): Promise<Offer[]> {
  return (await api.donors.listOffers({ pageSize: PAGE, states: [OfferState.ACCEPTED], orderBy: 'ready_date' })).offers;
}

export type When = 'late' | 'today' | 'thisWeek' | 'later';

/** Where a day ("2026-11-24") lies as seen from today. An offer without a day is expected any time: today. */
export function when(day: string, today: string): When {
  if (day === '' || day === today) return 'today';
  const days = (Date.parse(`${day}T00:00:00Z`) - Date.parse(`${today}T00:00:00Z`)) / 86_400_000;
  return days < 0 ? 'late' : days <= 7 ? 'thisWeek' : 'later';
}
