// The group's pages against a small network.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { beforeAll, beforeEach, expect, test } from 'vitest';

import App from '../App.svelte';
import { ErrorInfoSchema } from '../gen/google/rpc/error_details_pb';
import { GroupState, Weekday } from '../gen/kubari/groups/v1/groups_pb';
import type { LotSchema } from '../gen/kubari/stock/v1/catalogue_pb';
import { Role } from '../gen/kubari/type/v1/access_pb';
import { router } from '../router.svelte';
import { id, lot, sessionAs, useNetwork, type Overrides } from '../testing/network';
import { codeOf } from './held';

const refusal = (code: Code, reason: string) => new ConnectError(reason, code, undefined, [{ desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { reason }) }]);
const group = { name: `groups/${id(30)}`, displayName: 'みどり子ども食堂', state: GroupState.ACTIVE, etag: '1', receivingDays: [Weekday.TUESDAY], sites: [{ id: id(31), ambientItems: 300n, address: { municipalityCode: '13101' } }], households: 45n };

// Pages are compiled when they are first opened: not while a test waits for what is on them.
beforeAll(() => Promise.all([import('./ProfilePage.svelte'), import('./After.svelte'), import('./Why.svelte')]), 120_000);
beforeEach(() => router.go('/'));

function open(path: string, over: Overrides) {
  useNetwork(sessionAs(Role.GROUP), over);
  router.go(path);
  return render(App);
}

test('a part of the profile is saved by itself; if somebody was faster both are shown, and saving once more decides', async () => {
  const sent: { updateMask: string[]; group?: { etag: string; receivingDays: Weekday[] } }[] = [];
  let now = { ...group };
  open('/group/profile', {
    groups: {
      getGroup: () => now,
      updateGroup: (request) => {
        sent.push(request);
        if (request.group?.etag !== now.etag) throw refusal(Code.Aborted, 'STALE_ETAG');
        now = { ...now, etag: '3', receivingDays: request.group.receivingDays };
        return now;
      },
    },
  });
  await fireEvent.click(await screen.findByRole('button', { name: '変える 受け取れる曜日' }));
  now = { ...now, etag: '2', receivingDays: [Weekday.FRIDAY] };
  await fireEvent.click(screen.getByLabelText('土'));
  await fireEvent.click(screen.getByRole('button', { name: '保存する' }));
  expect((await screen.findByRole('alert')).textContent).toContain('いまの登録は「金」です');
  expect(screen.getByLabelText<HTMLInputElement>('土').checked).toBe(true);
  await fireEvent.click(screen.getByRole('button', { name: '保存する' }));
  expect(await screen.findByText('保存しました。')).toBeTruthy();
  expect(screen.getByText('火、土')).toBeTruthy();
  expect(sent.map((one) => [one.updateMask, one.group?.etag, one.group?.receivingDays])).toEqual([
    [['receiving_days'], '1', [Weekday.TUESDAY, Weekday.SATURDAY]],
    [['receiving_days'], '2', [Weekday.TUESDAY, Weekday.SATURDAY]],
  ]);
});

test('what is held can be thrown away on record', async () => {
  let sent: unknown;
  let left = 70n;
  open('/group/after', {
    stock: {
      listHoldings: () => ({ holdings: left > 0n ? [{ lot, items: left }] : [] }),
      discardStock: (request) => { sent = request; left -= request.items; return {}; },
    },
  });
  await fireEvent.click(await screen.findByRole('button', { name: /^廃棄を記録/ }));
  const dialog = within(screen.getByRole('dialog'));
  const count = dialog.getByLabelText<HTMLInputElement>('数（点）');
  expect(count.max).toBe('70');
  await fireEvent.input(count, { target: { value: '70' } });
  await fireEvent.change(dialog.getByLabelText('理由'), { target: { value: 'EXPIRED' } });
  await fireEvent.click(dialog.getByRole('button', { name: '廃棄を記録する' }));
  expect(await screen.findByText('70点の廃棄を記録しました。')).toBeTruthy();
  expect(await screen.findByText('手もとにある品の記録はありません。')).toBeTruthy();
  expect(sent).toMatchObject({ lot: `lots/${id(1)}`, place: group.name, items: 70n, reason: 'EXPIRED' });
});

test('goods are handed on to the group whose code was read, or to one that the hub serves; what the donor forbids is not offered', async () => {
  const allowed: MessageInitShape<typeof LotSchema> = { name: `lots/${id(2)}`, code: 'K7M2PQ5', productDisplayName: '渡せるごはん', conditions: { onwardTransferAllowed: true } };
  const sent: { toGroup: string; fromGroup: string; items: bigint }[] = [];
  open(codeOf(`groups/${id(32)}`, 'あおば食堂'), {
    stock: { listHoldings: () => ({ holdings: [{ lot: allowed, items: 70n }, { lot, items: 70n }] }), passOn: (request) => { sent.push(request); return {}; } },
    groups: { listHubGroups: () => ({ groups: [{ name: `groups/${id(33)}`, displayName: 'わかば文庫', state: GroupState.ACTIVE }] }) },
  });
  for (const to of ['', `groups/${id(33)}`]) {
    await fireEvent.click(await screen.findByRole('button', { name: /^ほかの団体へ渡す/ }));
    expect(screen.getAllByText('寄付者は、この品をほかの団体に渡すことを認めていません。')).toHaveLength(1);
    const dialog = within(screen.getByRole('dialog'));
    expect(dialog.getByText('あおば食堂 へ渡します。')).toBeTruthy();
    const choice = await dialog.findByLabelText('受け持ちの団体');
    if (to) await fireEvent.change(choice, { target: { value: to } });
    await fireEvent.input(dialog.getByLabelText('数（点）'), { target: { value: '12' } });
    await fireEvent.click(dialog.getByRole('button', { name: '渡したことを記録する' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  }
  expect(sent.map(({ fromGroup, toGroup, items }) => [fromGroup, toGroup, items])).toEqual([[group.name, `groups/${id(32)}`, 12n], [group.name, `groups/${id(33)}`, 12n]]);
});

test('why: the service’s own account, else the rules alone', async () => {
  const exclusions = [{ productDisplayName: 'ポテトサラダ', reasons: [{ message: 'Too few days.', messageJa: '残りの日数が足りません。' }] }];
  let account: (() => object) | undefined = () => ({ textJa: '今回は24点です。', items: 24n, levelNow: 1500n, fullStorage: [], rules: [] });
  const over: Overrides = {
    allocation: {
      listExclusions: () => ({ exclusions }),
      explainGroup: () => { if (!account) throw refusal(Code.FailedPrecondition, 'OTHER_ENGINE'); return account(); },
    },
  };
  const page = open('/group/why', over);
  expect(await screen.findByText('今回は24点です。')).toBeTruthy();
  expect(screen.getAllByText('1世帯あたり 1.5 人日分')).toHaveLength(1);
  page.unmount();
  account = undefined;
  open('/group/why', over);
  expect(await screen.findByText('残りの日数が足りません。')).toBeTruthy();
  expect(screen.queryByText('今回は24点です。')).toBeNull();
  expect(screen.queryByRole('alert')).toBeNull();
});
