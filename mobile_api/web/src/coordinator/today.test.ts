import { expect, test } from 'vitest';

import { LineState, RunState } from '../gen/kubari/allocation/v1/allocation_pb';
import { Role } from '../gen/kubari/type/v1/access_pb';
import { at, sessionAs, useNetwork } from '../testing/network';
import { offersToAnswer, runsToday, when } from './today';

test.each([
  ['2026-11-20', 'late'],
  ['2026-11-21', 'today'],
  ['', 'today'],
  ['2026-11-28', 'thisWeek'],
  ['2026-11-29', 'later'],
])('%s is %s', (day, expected) => expect(when(day, '2026-11-21')).toBe(expected));

test('a list longer than a page is "or more"', async () => {
  useNetwork(sessionAs(Role.COORDINATOR), { donors: { listOffers: () => ({ offers: [{}, {}], nextPageToken: 'x' }) } });
  expect(await offersToAnswer()).toEqual({ n: 2, more: true });
});

test('only runs whose goods can still be fetched are asked for their lines', async () => {
  const asked: string[] = [];
  const run = (name: string, state: RunState, due: string) => ({ name, state, pickUpDueTime: at(due) });
  useNetwork(sessionAs(Role.COORDINATOR), {
    allocation: {
      listRuns: () => ({
        runs: [
          run('runs/draft', RunState.PROPOSED, '2026-12-01T00:00:00Z'),
          run('runs/a', RunState.PUBLISHED, '2026-12-01T00:00:00Z'),
          run('runs/b', RunState.PUBLISHED, '2026-11-30T00:00:00Z'),
          run('runs/past', RunState.PUBLISHED, '2026-11-01T00:00:00Z'),
          run('runs/gone', RunState.CANCELLED, '2026-12-01T00:00:00Z'),
        ],
      }),
      listLines: (request) => {
        asked.push(request.run);
        const refused = request.states.includes(LineState.REFUSED);
        return { lines: Array.from({ length: refused ? (request.run === 'runs/b' ? 3 : 1) : 0 }, () => ({})) };
      },
    },
  });
  const today = await runsToday(new Date('2026-11-21T00:00:00Z'));
  expect([...new Set(asked)].sort()).toEqual(['runs/a', 'runs/b']);
  expect(today.toPublish.n).toBe(1);
  expect(today.refused).toEqual({ n: 4, more: false });
  expect(today.refusedRun?.name).toBe('runs/b');
  expect(today.unanswered.n).toBe(0);
  expect(today.unansweredRun).toBeUndefined();
});
