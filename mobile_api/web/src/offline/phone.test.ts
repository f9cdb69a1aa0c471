import 'fake-indexeddb/auto';

import { Code, ConnectError } from '@connectrpc/connect';
import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { flushSync } from 'svelte';
import { afterEach, beforeEach, expect, test } from 'vitest';

import App from '../App.svelte';
import { session } from '../api/session.svelte';
import { Role } from '../gen/kubari/type/v1/access_pb';
import { router } from '../router.svelte';
import { id, sessionAs, useNetwork, type Overrides } from '../testing/network';
import { book } from './book.svelte';
import { link } from './link.svelte';
import { mendable, mended } from './mend';
import { phone } from './phone.svelte';
import { queue } from './queue.svelte';
import { discard, emptyPhone, receive, refusal, telling } from './testing';
import type { Action } from './actions';

const away = () => new ConnectError('nobody there', Code.Unavailable);
const device = (n: number, network = sessionAs(Role.VOLUNTEER).network) => ({ ...sessionAs(Role.VOLUNTEER), subject: `devices/${id(n)}`, displayName: `倉庫スマホ ${n}`, network });
const noMovements: Overrides = { stock: { recordMovements: () => { throw away(); } } };

beforeEach(async () => {
  emptyPhone();
  router.go('/actions');
  phone.left = [];
  link.away = false;
  await phone.follow(undefined);
});
afterEach(() => phone.follow(undefined));

test('without signal the app starts as whoever was here last, and goes on when the service is back', async () => {
  useNetwork(device(1));
  await session.ask();
  expect(session.value?.displayName).toBe('倉庫スマホ 1');
  // The app is opened again.
  session.value = undefined;
  useNetwork(device(1), { identity: { getSession: () => { throw away(); } } });
  await session.ask();
  expect(session.value).toMatchObject({ displayName: '倉庫スマホ 1', subject: `devices/${id(1)}` });
  expect(session.has(Role.VOLUNTEER)).toBe(true);
  expect(session.problem).toBeUndefined();
  expect(link.away).toBe(true);
  // Nothing that could sign anyone in lies there.
  expect(JSON.stringify(localStorage)).not.toMatch(/token|kbs_/);

  // The service knows better: shut out.
  session.value = undefined;
  useNetwork(device(1), { identity: { getSession: () => { throw refusal(Code.Unauthenticated, 'TOKEN_INVALID'); } } });
  await session.ask();
  expect(session.value).toBeNull();
  expect(session.ended).toBe(true);
  session.value = undefined;
  await session.ask();
  expect(session.value).toBeNull();
});

test('a first start without signal cannot know anyone, and says so', async () => {
  useNetwork(device(1), { identity: { getSession: () => { throw away(); } } });
  render(App);
  expect(await screen.findByText('サーバーにつながりませんでした。電波の良い場所でもう一度お試しください。', { exact: false }).catch(() => screen.findByRole('alert'))).toBeTruthy();
});

test('each has a database of their own; what another left unsent is told, not shown', async () => {
  useNetwork(device(1), noMovements);
  await phone.follow(device(1));
  await queue.add(receive(5), telling);
  await queue.rest();
  flushSync();
  expect(phone.left).toMatchObject([{ displayName: '倉庫スマホ 1', unsent: 1 }]);

  const person = sessionAs(Role.VOLUNTEER);
  session.value = person;
  await phone.follow(person);
  expect(queue.actions).toEqual([]);
  expect(phone.others).toMatchObject([{ unsent: 1 }]);
  // A person takes nothing over from a phone.
  expect(phone.former).toEqual([]);
  // Another installation or network neither.
  const elsewhere = device(2, { ...person.network!, name: `networks/${id(99)}` });
  session.value = elsewhere;
  await phone.follow(elsewhere);
  expect(phone.former).toEqual([]);
});

test('shut out: the book and what is done go, unsent actions stay and can be sent after joining anew', async () => {
  let recorded: string[] = [];
  const network: Overrides = { stock: { recordMovements: ({ requests }) => { recorded = requests.map(({ request }) => request.value!.requestId); return { outcomes: requests.map(() => ({ movements: [{ name: `movements/${id(1)}` }] })) }; } } };
  useNetwork(device(1), network);
  session.begin(device(1));
  await phone.follow(session.value);
  await queue.add(receive(1), telling);
  await queue.rest();
  useNetwork(device(1), noMovements);
  const kept = await queue.add(receive(2), telling);
  await queue.rest();
  await book.refresh();
  expect(book.warehouses.length).toBeGreaterThan(0);

  session.end();
  await phone.follow(null);
  expect(book.warehouses).toEqual([]);
  const [left] = phone.left;
  expect((await phone.waitingIn(left)).map((action) => action.id)).toEqual([kept.id]);

  useNetwork(device(2), network);
  session.begin(device(2));
  await phone.follow(session.value);
  expect(phone.former).toHaveLength(1);
  render(App);
  await fireEvent.click(await screen.findByRole('button', { name: '今の名前で送る' }));
  await waitFor(() => expect(queue.actions.map((action) => action.state)).toEqual(['done']));
  expect(recorded).toEqual([kept.id]);
  expect(await screen.findByText('倉庫スマホ 1として記録')).toBeTruthy();
  await waitFor(() => expect(phone.left).toEqual([]));
});

test('the sign-in page says what waits on this phone', async () => {
  useNetwork(device(1), noMovements);
  session.begin(device(1));
  await phone.follow(session.value);
  await queue.add(receive(5), telling);
  await queue.rest();
  flushSync();
  session.end();
  render(App);
  expect(await screen.findByText(/サインインの期限が切れたか/)).toBeTruthy();
  const box = within(await screen.findByRole('region', { name: '未送信の記録があります' }));
  await fireEvent.click(box.getByRole('button', { name: '内容を見る' }));
  expect(await box.findByText('例のごはん 200g', { exact: false })).toBeTruthy();
});

test('the list of actions: states, the reason of a refusal and what to do, mending, giving up, undoing', async () => {
  let refuse = true;
  const sent: unknown[] = [];
  useNetwork(device(1), {
    stock: {
      recordMovements: ({ requests }) => ({
        outcomes: requests.map(({ request }) => {
          sent.push([request.case, (request.value as { items?: bigint }).items]);
          if (refuse && request.case === 'discard') throw refusal(Code.FailedPrecondition, 'INSUFFICIENT_STOCK', { free: '3' });
          return { movements: [{ name: `movements/${id(sent.length)}` }] };
        }),
      }),
    },
  });
  session.begin(device(1));
  await phone.follow(session.value);
  await queue.add(receive(24), telling);
  await queue.rest();
  await queue.add(discard(`lots/${id(1)}`, 9), { ...telling, task: 'discard', product: '例のカレー', items: '9' });
  await queue.rest();
  render(App);

  // What waits for a person stands first, although it is not the first in time.
  const cards = await screen.findAllByRole('article');
  expect(cards[0].textContent).toContain('例のカレー');
  expect(cards[0].textContent).toContain('INSUFFICIENT_STOCKです。');
  expect(cards[0].textContent).toContain('ほかの端末が先に動かしたかもしれません');
  expect(screen.getByRole('status', { name: '端末の状態' }).textContent).toContain('1件は確認が必要です');
  await fireEvent.click(screen.getByRole('button', { name: '要確認 1' }));
  expect(screen.getAllByRole('article')).toHaveLength(1);

  refuse = false;
  await fireEvent.click(screen.getByRole('button', { name: '直して送る' }));
  const dialog = within(await screen.findByRole('dialog'));
  await fireEvent.input(dialog.getByLabelText('数（点）'), { target: { value: '3' } });
  await fireEvent.click(dialog.getByRole('button', { name: '直して送る' }));
  await waitFor(() => expect(sent.at(-1)).toEqual(['discard', 3n]));
  expect(await screen.findByText('確認が必要な記録はありません。')).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: /^済み/ }));
  await waitFor(() => expect(screen.getAllByRole('article')).toHaveLength(3));
  expect(screen.getByText('直して送り直しました。')).toBeTruthy();

  await fireEvent.click(screen.getByRole('button', { name: '入庫「例のごはん 200g」を取り消す' }));
  await fireEvent.click(within(await screen.findByRole('dialog')).getByRole('button', { name: '取り消す' }));
  await waitFor(() => expect(sent.at(-1)).toEqual(['reverse', undefined]));
  expect(await screen.findByText('訂正済み')).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: '済んだ記録を一覧から消す' }));
  expect(await screen.findByText('済んだ記録はありません。')).toBeTruthy();
});

test('what can be mended, by what was refused', () => {
  const action = (wish: Action['wish'], reason = ''): Action =>
    ({ id: id(1), wish, telling, problem: reason ? { reason } : undefined }) as unknown as Action;
  expect(mendable(action(receive(5)))).toEqual({ items: 5n, place: `places/${id(2)}` });
  expect(mendable(action(receive(5), 'TOO_FEW_DAYS'))).toMatchObject({ shortDatedReason: '' });
  const changed = mended(action(receive(5), 'TOO_FEW_DAYS'), { items: 4n, shortDatedReason: 'すぐ使う', place: `places/${id(9)}` }, 'B-01');
  expect(changed.wish).toMatchObject({ request: { request: { case: 'receive', value: { items: 4n, shortDatedReason: 'すぐ使う', place: `places/${id(9)}` } } } });
  expect(changed.telling).toMatchObject({ items: '4', to: 'B-01' });
  const issue: Action['wish'] = { method: 'movement', request: { request: { case: 'issue', value: { reservation: 'r', items: 2n } } } };
  expect(mendable(action(issue, 'FEFO_DEPARTURE'))).toEqual({ items: 2n, departureReason: '' });
  const transfer: Action['wish'] = { method: 'movement', request: { request: { case: 'transfer', value: { toPlace: 'a', items: 2n } } } };
  expect(mended(action(transfer), { place: 'b' }).wish).toMatchObject({ request: { request: { value: { toPlace: 'b', items: 2n } } } });
  expect(mendable(action({ method: 'count', request: { cases: 2n, itemsPerCase: 24n, looseItems: 1n } }))).toEqual({ items: 49n });
  expect(mendable(action({ method: 'count', request: { cases: 2n } }))).toEqual({});
  expect(mended(action({ method: 'count', request: { cases: 2n, itemsPerCase: 24n } }), { items: 40n }).wish).toMatchObject({ request: { cases: 0n, looseItems: 40n } });
  expect(mendable(action({ method: 'retractCount', request: {} }))).toEqual({});
});
