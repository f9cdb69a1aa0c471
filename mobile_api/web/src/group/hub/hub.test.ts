// A hub's page: what is here is handed on by one tap for a group; what could not be recorded is sent again as the same request.
import { Code, ConnectError } from '@connectrpc/connect';
import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { beforeAll, beforeEach, expect, test } from 'vitest';

import App from '../../App.svelte';
import { LineState } from '../../gen/kubari/allocation/v1/allocation_pb';
import { Role } from '../../gen/kubari/type/v1/access_pb';
import { router } from '../../router.svelte';
import { id, lot, sessionAs, useNetwork } from '../../testing/network';

beforeAll(() => import('./Hub.svelte'), 120_000);
beforeEach(() => router.go('/'));

interface PassOn {
  requestId: string;
  toGroup: string;
  lot: string;
  items: bigint;
  delivery: string;
}

function line(number: number, group: number, state: LineState, atHubItems = 0n) {
  return {
    name: `runs/${id(50)}/lines/${id(number)}`,
    group: `groups/${id(group)}`,
    groupDisplayName: group === 33 ? 'わかば文庫' : 'ひかり食堂',
    lot: lot.name,
    productDisplayName: `米 ${number}`,
    state,
    items: 20n,
    itemsPerCase: 10n,
    shippedItems: atHubItems,
    atHubItems,
    hubDate: '2026-11-20',
    handOverDate: '2026-11-21',
  };
}

test('everything that is here for a group goes in one delivery; what failed is sent again as it was', async () => {
  const sent: PassOn[] = [];
  let fails = true;
  const asked: { hub: string }[] = [];
  useNetwork(sessionAs(Role.GROUP), {
    allocation: {
      listLines: (request: { hub: string }) => {
        asked.push(request);
        return { lines: [line(1, 33, LineState.AT_HUB, 20n), line(2, 33, LineState.AT_HUB, 10n), line(3, 34, LineState.ACCEPTED)] };
      },
    },
    stock: {
      listHoldings: () => ({ holdings: [{ lot, items: 30n }] }),
      passOn: (request: PassOn) => {
        sent.push(request);
        if (fails && request.items === 10n) throw new ConnectError('away', Code.Unavailable);
        return {};
      },
    },
  });
  router.go('/group/hub');
  render(App);
  // Who has something here comes first.
  expect((await screen.findAllByRole('heading', { level: 2 })).map((one) => one.textContent)).toEqual(['わかば文庫', 'ひかり食堂']);
  expect(asked[0].hub).toMatch(/^groups\//);
  await fireEvent.click(screen.getByRole('button', { name: 'わかば文庫に渡した（30点）' }));
  expect(await screen.findByText('わかば文庫に渡した記録をしました。団体が受け取りを確認します。')).toBeTruthy();
  expect(screen.getByText('米 2：記録できませんでした。')).toBeTruthy();
  fails = false;
  await fireEvent.click(screen.getByRole('button', { name: /^わかば文庫に渡した/ }));
  await waitFor(() => expect(screen.queryByText('米 2：記録できませんでした。')).toBeNull());
  const small = sent.filter((one) => one.items === 10n);
  expect(new Set(small.map((one) => `${one.requestId} ${one.delivery}`)).size).toBe(1);
  expect(sent[0].toGroup).toBe(`groups/${id(33)}`);
  expect(new Set(sent.map((one) => one.delivery)).size).toBe(1);
});

test('nothing is coming', async () => {
  useNetwork(sessionAs(Role.GROUP), { allocation: { listLines: () => ({ lines: [] }) }, stock: { listHoldings: () => ({ holdings: [] }) } });
  router.go('/group/hub');
  render(App);
  expect(await screen.findByText('いま、受け持ちの団体あてに届く品はありません。')).toBeTruthy();
});
