import { Code, ConnectError } from '@connectrpc/connect';
import { timestampMs, type Timestamp } from '@bufbuild/protobuf/wkt';
import { beforeEach, expect, test, vi } from 'vitest';

import { id } from '../testing/network';
import { referTo, type Action } from './actions';
import { IndexedStore, MemoryStore, openStore } from './store';
import { discard, emptyPhone, Fuse, product, receive, refusal, Service, start, START, subject, telling } from './testing';

const away = () => new ConnectError('nobody there', Code.Unavailable);
const states = (actions: Action[]) => actions.map((action) => action.state);
const itemsOf = (service: Service) => service.recorded.map(({ request }) => Number((request as { items: bigint }).items));

beforeEach(emptyPhone);

test('actions are sent in their order, movements together, others by themselves', async () => {
  const service = new Service();
  service.failures = [away()];
  const { queue, hope } = await start(service);
  await queue.add(receive(1), telling);
  await queue.rest();
  expect(queue.state).toBe('away');
  await queue.add(receive(2), telling);
  await queue.add(product(70), { ...telling, task: 'product' });
  await queue.add(receive(3), telling);
  await queue.add(receive(4), telling);
  expect(queue.waiting).toHaveLength(5);
  hope();
  await queue.rest();
  expect(states(queue.actions)).toEqual(Array(5).fill('done'));
  expect(service.recorded.map(({ what }) => what)).toEqual(['receive', 'receive', 'createProduct', 'receive', 'receive']);
  expect(service.calls.slice(-3)).toEqual([{ method: 'recordMovements', size: 2 }, { method: 'createProduct', size: 1 }, { method: 'recordMovements', size: 2 }]);
  expect(queue.actions[0]).toMatchObject({ number: 1, lot: { code: 'K7M2PQ4A' }, movements: [expect.stringMatching(/^movements\//)] });
});

test('not more than 50 movements go in one call', async () => {
  const service = new Service();
  service.failures = [away()];
  const { queue, hope } = await start(service);
  for (let n = 1; n <= 120; n++) await queue.add(receive(n), telling);
  hope();
  await queue.rest();
  expect(itemsOf(service)).toEqual(Array.from({ length: 120 }, (_, n) => n + 1));
  expect(Math.max(...service.calls.map(({ size }) => size))).toBe(50);
});

// Receipts, a discard of what was received, a product with its receipt, an undo: killed after any step, opened again.
async function work(phone: Awaited<ReturnType<typeof start>>): Promise<void> {
  const { queue } = phone;
  const first = await queue.add(receive(10), telling);
  await queue.add(discard(referTo(first), 3), { ...telling, task: 'discard' });
  await queue.add(product(70), { ...telling, task: 'product' });
  await queue.add(receive(20, { product: `products/${id(70)}` }), telling);
  await queue.rest();
  await queue.undo(queue.actions.find((action) => action.wish.method === 'movement' && action.telling.task === 'discard')!);
  await queue.rest();
}

test('killed at any step, opened again: everything that was acknowledged happens once, in its order', async () => {
  let at = 0;
  for (; ; at++) {
    emptyPhone();
    const service = new Service();
    const fuse = new Fuse(at);
    const acknowledged: string[] = [];
    const dying = (async () => {
      const phone = await start(service, { fuse });
      const add = phone.queue.add.bind(phone.queue);
      phone.queue.add = async (...wanted) => {
        const action = await add(...wanted);
        acknowledged.push(action.id);
        return action;
      };
      await work(phone);
    })();
    await Promise.race([dying, fuse.dead]);
    // What it still had in hand when it died may reach the service; nothing else of it does.
    await new Promise((resolve) => setTimeout(resolve, 5));

    const { queue } = await start(service);
    await queue.rest();
    expect(queue.state, `killed at step ${at}`).toBe('resting');
    expect(states(queue.actions).filter((state) => state !== 'done')).toEqual([]);
    const kept = queue.actions.map((action) => action.id);
    expect(kept).toEqual(expect.arrayContaining(acknowledged));
    // Once each, nothing that is not on the phone, and in the order of the phone.
    expect(service.recorded.map((one) => one.id)).toEqual(kept);
    if (!fuse.blown) break;
  }
  // The last round was not killed at all.
  expect(at).toBeGreaterThan(20);
}, 300_000);

test('what the service recorded although its answer was lost is not done again, and its answer is learnt', async () => {
  const service = new Service();
  const fuse = new Fuse();
  const { queue } = await start(service, { fuse });
  const lost = vi.spyOn(service.api.stock, 'recordMovements').mockImplementationOnce(async (request) => {
    await service.api.stock.recordMovements(request);
    throw new TypeError('Failed to fetch');
  });
  await queue.add(receive(5), telling);
  await queue.rest();
  expect(queue.actions[0]).toMatchObject({ state: 'waiting', attempts: 1 });
  lost.mockRestore();
  queue.send();
  await queue.rest();
  expect(service.recorded).toHaveLength(1);
  expect(queue.actions[0]).toMatchObject({ state: 'done', attempts: 2, lot: { code: 'K7M2PQ4A' } });
});

test('a refusal stops its own action and what builds upon it, not the others', async () => {
  const service = new Service();
  service.failures = [away()];
  service.refuse = ({ request }) => (request.case === 'receive' && request.value.items === 1n ? { code: Code.FailedPrecondition, reason: 'TOO_FEW_DAYS' } : undefined);
  const { queue, hope } = await start(service);
  const bad = await queue.add(receive(1), telling);
  const built = await queue.add(discard(referTo(bad), 1), { ...telling, task: 'discard' });
  await queue.add(receive(2), telling);
  hope();
  await queue.rest();
  expect(states(queue.actions)).toEqual(['refused', 'waiting', 'done']);
  expect(queue.refused[0].problem).toMatchObject({ reason: 'TOO_FEW_DAYS', code: 'failed_precondition' });
  expect(queue.blockers(queue.actions[1]).map((action) => action.id)).toEqual([bad.id]);
  expect(queue.builders(queue.actions[0]).map((action) => action.id)).toEqual([built.id]);
  expect(queue.state).toBe('resting');

  // Mended, it goes on with what builds upon it.
  service.refuse = () => undefined;
  const mended = await queue.mend(queue.actions[0], receive(1, { shortDatedReason: '近くの団体がすぐに使う' }));
  await queue.rest();
  expect(states(queue.actions)).toEqual(['dropped', 'done', 'done', 'done']);
  expect(queue.actions[0].replacedBy).toBe(mended.id);
  expect(queue.actions.at(-1)!.madeAt).toBe(bad.madeAt);
  const lot = queue.actions.find((action) => action.id === mended.id)!.lot!.name;
  expect(service.recorded.at(-1)).toMatchObject({ what: 'discard', request: { lot } });
});

test('a refused action that is given up takes with it what builds upon it', async () => {
  const service = new Service();
  service.refuse = () => ({ code: Code.FailedPrecondition, reason: 'NO_AGREEMENT' });
  const { queue } = await start(service);
  const bad = await queue.add(receive(1), telling);
  await queue.add(discard(referTo(bad), 1), { ...telling, task: 'discard' });
  await queue.rest();
  await queue.drop(queue.actions[0]);
  expect(states(queue.actions)).toEqual(['dropped', 'withdrawn']);
  await queue.clear();
  expect(queue.actions).toEqual([]);
  expect(service.recorded).toEqual([]);
});

test('what never left the phone is withdrawn; what may have is reversed', async () => {
  const service = new Service();
  const { queue, hope } = await start(service);
  service.failures = [away()];
  await queue.add(receive(1), telling);
  await queue.rest();
  // Tried once: the service may have it. The next one was never tried.
  await queue.add(receive(2), telling);
  const [tried, untried] = queue.actions;
  expect(untried.attempts).toBe(0);
  await queue.undo(untried);
  await queue.undo(tried);
  expect(states(queue.actions)).toEqual(['waiting', 'withdrawn', 'waiting']);
  expect(queue.mayUndo(queue.actions[0])).toBe(false);
  hope();
  await queue.rest();
  expect(service.recorded.map(({ what }) => what)).toEqual(['receive', 'reverse']);
  expect(service.recorded[1].request).toMatchObject({ movement: queue.actions[0].movements[0], reason: 'MISTAKE' });
  // The reversal can be taken back as well.
  expect(queue.mayUndo(queue.actions[2])).toBe(true);
});

test('an undo of what the service then refuses has nothing to do', async () => {
  const service = new Service();
  const { queue, hope } = await start(service);
  service.failures = [away()];
  service.refuse = () => ({ code: Code.FailedPrecondition, reason: 'NO_AGREEMENT' });
  await queue.add(receive(1), telling);
  await queue.rest();
  await queue.undo(queue.actions[0]);
  hope();
  await queue.rest();
  expect(states(queue.actions)).toEqual(['refused', 'withdrawn']);
});

test('a count is retracted, movements of a transfer are reversed one by one', async () => {
  const service = new Service();
  const { queue } = await start(service);
  const stocktake = `stocktakes/${id(8)}`;
  await queue.add({ method: 'count', request: { stocktake, lot: `lots/${id(1)}`, looseItems: 5n } }, { ...telling, task: 'count' });
  await queue.add({ method: 'sendTransfer', request: { transferId: id(5), goods: [{ items: 1n }, { items: 2n }] } }, { ...telling, task: 'send' });
  await queue.rest();
  expect(queue.actions[0].count).toBe(`${stocktake}/counts/${id(2)}`);
  await queue.undo(queue.actions[0]);
  await queue.undo(queue.actions[1]);
  await queue.rest();
  expect(service.recorded.map(({ what }) => what)).toEqual(['recordCount', 'sendTransfer', 'retractCount', 'reverse', 'reverse']);
});

test('a product that somebody else registered meanwhile: what waits for it goes on with theirs', async () => {
  const service = new Service();
  service.failures = [away()];
  service.gtins.set('09520000000004', `products/${id(99)}`);
  const { queue, hope } = await start(service);
  await queue.add(product(70, '09520000000004'), { ...telling, task: 'product' });
  await queue.add(receive(5, { product: `products/${id(70)}` }), telling);
  hope();
  await queue.rest();
  expect(states(queue.actions)).toEqual(['done', 'done']);
  expect(service.recorded.at(-1)!.request).toMatchObject({ product: `products/${id(99)}` });
  await queue.add(receive(6, { product: `products/${id(70)}` }), telling);
  await queue.rest();
  expect(service.recorded.at(-1)!.request).toMatchObject({ product: `products/${id(99)}`, items: 6n });
});

test('the time of an action is when it was made, by the clock of the service, and never changes once it was sent', async () => {
  const service = new Service();
  service.failures = [away()];
  const { queue, clock, hope } = await start(service);
  clock.ahead = -3_600_000;
  const { madeAt } = await queue.add(receive(1), telling);
  await queue.rest();
  clock.ahead = 60_000;
  clock.now += 10 * 60_000;
  hope();
  await queue.rest();
  const time = (service.recorded[0].request as { occurredTime: Timestamp }).occurredTime;
  expect(timestampMs(time)).toBe(madeAt - 3_600_000);

  // A clock that was set back after the action was made does not put it into the future.
  clock.ahead = 0;
  clock.now = START + 86_400_000;
  service.failures = [away()];
  await queue.add(receive(2), telling);
  await queue.rest();
  await queue.add(receive(3), telling);
  clock.now = START;
  hope();
  await queue.rest();
  expect(service.recorded.map(({ request }) => timestampMs((request as { occurredTime: Timestamp }).occurredTime)).at(-1)).toBeLessThanOrEqual(clock.now);
});

test('an answer that is not a service’s own is not a refusal', async () => {
  const service = new Service();
  // A hotel's sign-in page answers 403 with HTML.
  service.failures = [new ConnectError('HTTP 403', Code.PermissionDenied), refusal(Code.ResourceExhausted, 'RATE_LIMITED')];
  const { queue, hope } = await start(service);
  await queue.add(receive(1), telling);
  await queue.rest();
  expect(queue.state).toBe('away');
  hope();
  await queue.rest();
  expect(queue.waiting).toHaveLength(1);
  hope();
  await queue.rest();
  expect(states(queue.actions)).toEqual(['done']);
});

test('it tries again later and later, at most once a minute, and as late as the service asks for', async () => {
  const service = new Service();
  const { queue, pauses, hope } = await start(service);
  service.failures = Array.from({ length: 9 }, away);
  await queue.add(receive(1), telling);
  await queue.rest();
  for (let n = 1; n < 9; n++) {
    hope();
    await queue.rest();
  }
  // Half of it, as chance says 0 here.
  expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  // While nobody is reached, new actions wait with the others.
  await queue.add(receive(2), telling);
  await queue.rest();
  expect(service.calls).toHaveLength(9);
  hope();
  await queue.rest();
  expect(states(queue.actions)).toEqual(['done', 'done']);
});

test('a service that fails again and again over one action leaves it to a person, and the rest goes on', async () => {
  const service = new Service();
  const { queue, hope } = await start(service);
  service.refuse = ({ request }) => (request.value && 'items' in request.value && request.value.items === 1n ? { code: Code.Internal, reason: 'INTERNAL' } : undefined);
  await queue.add(receive(1), telling);
  await queue.add(receive(2), telling);
  for (let n = 0; n < 9; n++) {
    hope();
    await queue.rest();
  }
  expect(states(queue.actions)).toEqual(['refused', 'done']);
});

test('a call that is refused as a whole is sent piece by piece', async () => {
  const service = new Service();
  service.failures = [away(), refusal(Code.InvalidArgument, 'INVALID')];
  const { queue, hope } = await start(service);
  await queue.add(receive(1), telling);
  await queue.rest();
  await queue.add(receive(2), telling);
  hope();
  await queue.rest();
  expect(states(queue.actions)).toEqual(['done', 'done']);
  expect(service.calls.map(({ size }) => size)).toEqual([1, 2, 1, 1]);
});

test('a session that has ended keeps everything until the same phone is there again', async () => {
  const service = new Service();
  service.failures = [refusal(Code.Unauthenticated, 'TOKEN_INVALID')];
  const { queue, hope } = await start(service);
  await queue.add(receive(1), telling);
  await queue.rest();
  expect(queue.state).toBe('signedOut');
  hope();
  await queue.rest();
  expect(service.calls).toHaveLength(1);
  queue.resume();
  await queue.rest();
  expect(states(queue.actions)).toEqual(['done']);
});

test('what another subject made is neither shown nor sent, until it is adopted; then under its own request id', async () => {
  const service = new Service();
  service.failures = [away()];
  const before = await start(service);
  await before.queue.add(receive(1), telling);
  await before.queue.rest();
  before.queue.close();

  const other = `devices/${id(77)}`;
  const { queue } = await start(service, { who: other });
  expect(queue.actions).toEqual([]);
  const left = await new IndexedStore(`kubari test ${subject}`).actions();
  await queue.adopt(left, '倉庫スマホ 3');
  await queue.adopt(left, '倉庫スマホ 3');
  await queue.rest();
  expect(queue.actions).toHaveLength(1);
  expect(queue.actions[0]).toMatchObject({ id: left[0].id, state: 'done', subject: other, madeBy: '倉庫スマホ 3' });
  expect(service.recorded).toHaveLength(1);
});

test('two tabs: one sends at a time, both see the same, nothing is doubled', async () => {
  const service = new Service();
  let tail: Promise<void> = Promise.resolve();
  let inside = 0;
  const alone = (_: string, work: () => Promise<void>): Promise<void> => {
    const turn = tail.then(async () => {
      expect(++inside).toBe(1);
      await work();
      inside--;
    });
    tail = turn.catch(() => {});
    return turn;
  };
  const tabs: { onmessage: ((event: MessageEvent) => void) | null }[] = [];
  const channel = () => {
    const own: { onmessage: ((event: MessageEvent) => void) | null; postMessage: (text: string) => void; close: () => void } = {
      onmessage: null,
      postMessage: (text) => tabs.filter((tab) => tab !== own).forEach((tab) => tab.onmessage?.(new MessageEvent('message', { data: text }))),
      close: () => {},
    };
    tabs.push(own);
    return own as unknown as BroadcastChannel;
  };
  const one = await start(service, { its: { alone, channel } });
  const two = await start(service, { its: { alone, channel } });
  await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 ? one : two).queue.add(receive(n + 1), telling)));
  await vi.waitFor(() => {
    expect(states(one.queue.actions)).toEqual(Array(20).fill('done'));
    expect(states(two.queue.actions)).toEqual(Array(20).fill('done'));
  });
  expect(service.recorded).toHaveLength(20);
  expect(one.queue.actions.map((action) => action.number)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  expect(service.recorded.map((recorded) => recorded.id)).toEqual(one.queue.actions.map((action) => action.id));
});

test('done actions are kept for 30 days and not more than 500; what waits is kept for ever', async () => {
  const service = new Service();
  const { queue, store } = await start(service);
  await queue.add(receive(1), telling);
  await queue.rest();
  const [done] = queue.actions;
  await store.change(() => ({
    put: [{ ...done, doneAt: START - 31 * 86_400_000 }],
    add: [
      ...Array.from({ length: 502 }, (_, n) => ({ ...done, number: undefined!, id: id(500 + n) })),
      { ...done, number: undefined!, id: id(9), state: 'refused' as const, madeAt: 0 },
    ].map(({ number: _, ...action }) => action),
    answer: undefined,
  }));
  queue.close();
  const again = await start(service);
  expect(again.queue.actions.filter((action) => action.state === 'done')).toHaveLength(500);
  expect(again.queue.refused).toHaveLength(1);
});

test('without a disk the work goes on in memory, and says so', async () => {
  vi.stubGlobal('indexedDB', undefined);
  const store = await openStore('kubari test');
  vi.unstubAllGlobals();
  expect(store).toBeInstanceOf(MemoryStore);
  const service = new Service();
  const { queue } = await start(service, { its: {}, store });
  await queue.add(receive(1), telling);
  await queue.rest();
  expect(states(queue.actions)).toEqual(['done']);
});

test('a disk that fills up: the book makes room, and if that is not enough memory takes over', async () => {
  const complaint = vi.spyOn(console, 'error').mockImplementation(() => {});
  const service = new Service();
  service.failures = [away()];
  const { queue, store } = await start(service);
  await queue.add(receive(1), telling);
  await queue.rest();
  const full = () => Promise.reject(Object.assign(new Error('full'), { name: 'QuotaExceededError' }));
  const spies = [vi.spyOn(store, 'change').mockImplementation(full), vi.spyOn(store, 'add').mockImplementation(full)];
  await queue.add(receive(2), telling);
  expect(queue.durable).toBe(false);
  expect(queue.waiting).toHaveLength(2);
  spies.forEach((spy) => spy.mockRestore());
  queue.send();
  await queue.rest();
  expect(itemsOf(service)).toEqual([1, 2]);
  complaint.mockRestore();
});
