import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';

import { LineSchema, LineState } from '../../gen/kubari/allocation/v1/allocation_pb';
import { byServed, here } from './lots';

const line = (group: string, state: LineState, atHubItems = 0n, handedOnItems = 0n) =>
  create(LineSchema, { name: `runs/1/lines/${group}${state}`, group: `groups/${group}`, groupDisplayName: group.toUpperCase(), state, atHubItems, handedOnItems });

test('who has something here comes first, and what is here', () => {
  const served = byServed([
    line('a', LineState.ACCEPTED),
    line('c', LineState.HANDED_ON, 5n, 5n),
    line('b', LineState.SHIPPED),
    line('b', LineState.AT_HUB, 20n, 5n),
  ]);
  expect(served.map((one) => one.name)).toEqual(['B', 'A', 'C']);
  expect(served[0].lines.map((one) => one.state)).toEqual([LineState.AT_HUB, LineState.SHIPPED]);
  expect(served[0].ready.map(here)).toEqual([15n]);
  expect(served[2].ready).toEqual([]);
  expect(byServed([])).toEqual([]);
});
