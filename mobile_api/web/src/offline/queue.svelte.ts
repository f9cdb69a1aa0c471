// The phone's actions on their way to the service. An action is on the disk before `add` resolves; from then on it is sent until the service
// has answered, in the order in which the actions were made, however often the app is closed or killed in between. The service knows the
// request ids, so what was sent twice happens once. README.md tells one action's way.
import { timestampFromMs } from '@bufbuild/protobuf/wkt';

import { api as everyday, type Clients } from '../api/clients';
import { newId } from '../api/load.svelte';
import { toProblem, type Problem } from '../api/problem';
import { referTo, type Action, type Telling, type Wish } from './actions';
import { link } from './link.svelte';
import { namesIn, perform, replaceNames, timed, type Answer, type Outcome } from './requests';
import { MemoryStore, type Change, type NewAction, type Store } from './store';

/** Movements in one call: a call that is lost costs little on a bad line. */
const BATCH = 50;
/** A service that fails in the same way so often will fail again: a person must look. */
const MAX_FAULTS = 8;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;
/** A tab that has been sending for so long without an end hangs; another one goes on. */
const LOCK_PATIENCE = 90_000;
const KEEP_DAYS = 30;
const KEEP_DONE = 500;
const DAY = 86_400_000;

export type QueueState =
  /** Nothing to send, or nothing that can be sent before a person decides. */
  | 'resting'
  | 'sending'
  /** Nobody was reached; tries again by itself. */
  | 'away'
  /** The session has ended. What waits is sent when the same person or phone has signed in again. */
  | 'signedOut';

/** What a queue needs of the world; tests and the practice mode bring their own. */
export interface World {
  api: Clients;
  now: () => number;
  /** By how many milliseconds the service's clock is ahead of `now`. */
  ahead: () => number;
  random: () => number;
  /** Calls back when there is new hope to reach the service. Returns how to stop. */
  onHope: (hope: () => void) => () => void;
  /** Runs `work` while no other tab runs it for the same name. */
  alone: (name: string, work: () => Promise<void>) => Promise<void>;
  /** Calls back after so many milliseconds. Returns how to stop. */
  later: (milliseconds: number, then: () => void) => () => void;
  /** Tells other tabs, and hears them. */
  channel: (name: string) => Pick<BroadcastChannel, 'postMessage' | 'close' | 'onmessage'> | undefined;
}

export const world: World = {
  api: everyday,
  now: Date.now,
  ahead: () => link.ahead,
  random: Math.random,
  onHope: (hope) => link.onHope(hope),
  alone,
  later(milliseconds, then) {
    const timer = setTimeout(then, milliseconds);
    return () => clearTimeout(timer);
  },
  channel: (name) => (typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel(name)),
};

/** Web Locks where the browser has them (https). Without them two tabs may both send: the service makes one of it. */
async function alone(name: string, work: () => Promise<void>): Promise<void> {
  if (!navigator.locks) return work();
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), LOCK_PATIENCE);
  const held = () => {
    clearTimeout(timer);
    return work();
  };
  try {
    await navigator.locks.request(name, { signal: patience.signal }, held);
  } catch (error) {
    if (patience.signal.aborted) await navigator.locks.request(name, { steal: true }, held);
    // A lock that was stolen from here: the thief goes on with the work.
    else if ((error as Error)?.name !== 'AbortError') throw error;
  } finally {
    clearTimeout(timer);
  }
}

const unsettled = (action: Action) => action.state === 'waiting' || action.state === 'sending';
const gone = (action: Action) => action.state === 'dropped' || action.state === 'withdrawn';

export class Queue {
  /** By number: the newest last. */
  actions = $state.raw<Action[]>([]);
  state = $state<QueueState>('resting');
  /** False: the browser keeps nothing. What waits is lost when the page is closed. */
  durable = $state(true);
  /** Not yet with the service. */
  waiting: Action[] = $derived(this.actions.filter(unsettled));
  /** Wait for a person. */
  refused: Action[] = $derived(this.actions.filter((action) => action.state === 'refused'));
  /** When the service last answered what was sent: milliseconds by the phone's clock; 0: not since the app was opened. */
  sentAt = $state(0);
  /** Why the last try failed, if it did. */
  problem = $state.raw<Problem>();
  /** `actions` are those of the disk. */
  isOpen = $state(false);

  #world: World;
  #store?: Store;
  #subject = '';
  #name = '';
  #channel?: ReturnType<World['channel']>;
  #stopHoping?: () => void;
  #running?: Promise<void>;
  /** While it sends: there is new hope; there are new actions. */
  #again = false;
  #more = false;
  #pause = 0;
  #stopWaiting = () => {};
  #turn = 0;
  #settled = new Set<(actions: Action[]) => void>();

  constructor(its: Partial<World> = {}) {
    this.#world = { ...world, ...its };
  }

  /** Shows and sends the actions of `subject` (people/{uuid} or devices/{uuid}) in `store`. `name` is the same in all tabs that share it. */
  async open(store: Store, name: string, subject: string): Promise<void> {
    this.close();
    const turn = this.#turn;
    this.#store = store;
    this.#name = name;
    this.#subject = subject;
    this.durable = store.durable;
    this.state = 'resting';
    this.#channel = this.#world.channel(name);
    if (this.#channel) {
      this.#channel.onmessage = () => void this.#read();
    }
    this.#stopHoping = this.#world.onHope(() => this.send());
    await this.#tidy();
    if (turn !== this.#turn) return;
    this.isOpen = true;
    this.send();
  }

  close(): void {
    this.#turn++;
    this.isOpen = false;
    this.#stopWaiting();
    this.#channel?.close();
    this.#stopHoping?.();
    this.#channel = this.#store = this.#stopHoping = undefined;
    this.actions = [];
    this.#subject = '';
    this.#pause = 0;
    this.#again = this.#more = false;
    this.problem = undefined;
  }

  /** Told of actions that the service has answered. Returns how to stop. */
  onSettled(heard: (actions: Action[]) => void): () => void {
    this.#settled.add(heard);
    return () => this.#settled.delete(heard);
  }

  /** Keeps the action and begins to send. Resolves as soon as it is on the disk. `needs`: ids of actions that must be done before it;
   * those that the request refers to need not be named. */
  async add(wish: Wish, telling: Telling, needs: string[] = []): Promise<Action> {
    const made = this.#needing(this.#made($state.snapshot(wish) as Wish, $state.snapshot(telling), needs), this.actions);
    const action = await this.#kept((store) => store.add(made));
    // In its place: another tab's may have been told of meanwhile.
    this.#show([...this.actions.filter((one) => one.number !== action.number), action].sort((a, b) => a.number - b.number));
    this.#nudge();
    return action;
  }

  /** Can it be taken back from here? */
  mayUndo(action: Action): boolean {
    if (gone(action) || action.state === 'refused' || action.subject !== this.#subject) return false;
    if (action.attempts === 0) return true;
    if (this.undoing(action).length > 0) return false;
    const { method } = action.wish;
    if (action.state === 'done') return action.movements.length > 0 ? method !== 'confirmReceipt' : action.count !== undefined;
    return method === 'movement';
  }

  /** What takes `action` back: waiting or done. */
  undoing(action: Action): Action[] {
    const names = new Set([...action.movements, ...(action.count ? [action.count] : []), referTo(action)]);
    return this.actions.filter((one) => one.telling.task === 'undo' && !gone(one) && one.state !== 'refused' && names.has(undoneBy(one.wish) ?? ''));
  }

  /** Takes an action back. What never left the phone is withdrawn, and all that builds upon it; else a reversal is added, as visible as
   * the action itself. `reason`: MISTAKE, WRONG_LOT, WRONG_QUANTITY, RETURNED, OTHER. */
  async undo(action: Action, reason = 'MISTAKE'): Promise<void> {
    await this.#change((actions) => {
      // Decided by what is on the disk: meanwhile another tab may have sent it.
      const now = actions.find((one) => one.number === action.number);
      if (!now || !this.mayUndo(now)) return { answer: undefined };
      if (now.attempts === 0) return { put: withBuilders(actions, now).map((one) => ({ ...one, state: 'withdrawn' })), answer: undefined };
      const wishes: Wish[] = now.count
        ? [{ method: 'retractCount', request: { name: now.count } }]
        : (now.movements.length > 0 ? now.movements : [referTo(now)]).map((movement) => ({
            method: 'movement',
            request: { request: { case: 'reverse', value: { movement, reason } } },
          }));
      const telling: Telling = { ...now.telling, task: 'undo', from: now.telling.to, to: now.telling.from };
      return { add: wishes.map((wish) => this.#needing(this.#made(wish, telling), actions)), answer: undefined };
    });
    this.#nudge();
  }

  /** After a refusal: the same once more in another way, or unchanged if what stood against it is gone. It keeps its time, and what built
   * upon the refused action builds upon the new one. */
  async mend(action: Action, wish: Wish = action.wish, telling: Telling = action.telling): Promise<Action> {
    const made = { ...this.#made($state.snapshot(wish) as Wish, $state.snapshot(telling), action.needs), madeAt: action.madeAt, madeBy: action.madeBy };
    await this.#change((actions) => {
      const now = actions.find((one) => one.number === action.number);
      if (now?.state !== 'refused') return { answer: undefined };
      const [before, after] = [referTo(action), referTo(made)];
      const builders = actions.filter((one) => one.needs.includes(action.id) && one.attempts === 0);
      return {
        add: [this.#needing(made, actions)],
        put: [
          { ...now, state: 'dropped', replacedBy: made.id },
          ...builders.map((one) => ({
            ...one,
            needs: one.needs.map((id) => (id === action.id ? made.id : id)),
            wish: replaceNames(one.wish, (name) => (name === before ? after : undefined)),
          })),
        ],
        answer: undefined,
      };
    });
    this.#nudge();
    return this.actions.find((one) => one.id === made.id) ?? action;
  }

  /** After a refusal: gives the action up, and all that builds upon it. */
  async drop(action: Action): Promise<void> {
    await this.#change((actions) => {
      const now = actions.find((one) => one.number === action.number);
      if (now?.state !== 'refused') return { answer: undefined };
      return { put: withBuilders(actions, now).map((one) => ({ ...one, state: one === now ? 'dropped' : 'withdrawn' })), answer: undefined };
    });
  }

  /** What would be given up together with `action`, itself left out. */
  builders(action: Action): Action[] {
    return withBuilders(this.actions, action).filter((one) => one !== action);
  }

  /** What `action` must wait for. */
  blockers(action: Action): Action[] {
    return unsettled(action) ? this.actions.filter((one) => action.needs.includes(one.id) && one.state !== 'done') : [];
  }

  /** Forgets what is done, given up or withdrawn. The ledger forgets nothing, and what was refused waits for its person. */
  async clear(): Promise<void> {
    await this.#change((actions) => ({ remove: actions.filter((action) => isOver(action, actions)), answer: undefined }));
  }

  /** Takes over what waits in another store: of this phone under the name it had before it was joined anew. Request ids stay, so what the
   * service has already is not done again. */
  async adopt(others: Action[], madeBy: string): Promise<void> {
    await this.#change((actions) => {
      const known = new Set(actions.map((action) => action.id));
      const add = others.filter((one) => !known.has(one.id)).map(({ number: _, ...one }) => ({ ...one, subject: this.#subject, madeBy: one.madeBy ?? madeBy }));
      return { add, answer: undefined };
    });
    this.#nudge();
  }

  /** The session is there again. */
  resume(): void {
    if (this.state === 'signedOut') this.state = 'resting';
    this.send();
  }

  /** Tries to send now. Does nothing twice; needs no waiting for. */
  send(): void {
    if (!this.#store || this.state === 'signedOut') return;
    this.#stopWaiting();
    if (this.#running) {
      this.#again = true;
      return;
    }
    const turn = this.#turn;
    this.#running = this.#run(turn)
      .catch((error: unknown) => this.#stumbled(turn, error))
      .finally(() => {
        this.#running = undefined;
        if (turn !== this.#turn) return;
        const [again, more] = [this.#again, this.#more];
        this.#again = this.#more = false;
        if (again) this.send();
        else if (more) this.#nudge();
      });
  }

  /** There is something new to send. Where nobody was reached a moment ago, it waits with the rest. */
  #nudge(): void {
    if (this.#running) this.#more = true;
    else if (this.state !== 'away') this.send();
  }

  /** Resolves when nothing is being sent any more: sent, waiting for signal or for a person. */
  async rest(): Promise<void> {
    while (this.#running) {
      await this.#running;
      // The `finally` above may start the next round.
      await Promise.resolve();
    }
  }

  async #run(turn: number): Promise<void> {
    if (!this.actions.some(unsettled)) {
      this.state = 'resting';
      return;
    }
    this.state = 'sending';
    await this.#world.alone(`${this.#name} send`, async () => {
      let most = BATCH;
      while (turn === this.#turn) {
        const batch = await this.#take(most);
        if (batch.length === 0) {
          this.state = 'resting';
          this.#pause = 0;
          return;
        }
        const { outcomes, failure } = await this.#call(batch);
        if (turn !== this.#turn) return;
        if (failure && batch.length > 1 && !isPassing(failure, 0) && failure.code !== 'unauthenticated') {
          // Something is wrong with one of them: each on its own.
          await this.#settle(batch, batch.map(() => undefined));
          most = 1;
          continue;
        }
        const answers = failure ? batch.map(() => ({ problem: failure })) : outcomes;
        await this.#settle(batch, answers);
        if (failure?.code === 'unauthenticated') {
          this.state = 'signedOut';
          this.problem = failure;
          return;
        }
        const stuck = answers.find(({ problem }, index) => problem && isPassing(problem, batch[index].attempts))?.problem;
        if (stuck) return this.#wait(stuck);
        this.#pause = 0;
        this.problem = undefined;
        this.sentAt = this.#world.now();
      }
    });
  }

  /** The next actions that can be sent, marked on the disk as being sent; from now on the service may have them. */
  async #take(most: number): Promise<Action[]> {
    return this.#change((actions) => {
      const byId = new Map(actions.map((action) => [action.id, action]));
      const batch: Action[] = [];
      const hopeless: Action[] = [];
      for (const action of actions) {
        // "sending" here: it was, when the app was killed.
        if (!unsettled(action) || action.subject !== this.#subject) continue;
        // A need that is not there any more was done and cleared away.
        if (action.needs.some((id) => (byId.get(id)?.state ?? 'done') !== 'done')) continue;
        const ready = action.attempts > 0 ? action : this.#ready(action, byId);
        if (ready.state === 'refused') {
          hopeless.push(ready);
          continue;
        }
        const fits = batch.length === 0 || (batch.length < most && batch[0].wish.method === 'movement' && action.wish.method === 'movement');
        if (!fits) break;
        batch.push({ ...ready, state: 'sending', attempts: action.attempts + 1 });
      }
      return { put: [...batch, ...hopeless], answer: batch };
    });
  }

  /** With its final time and names. */
  #ready(action: Action, byId: Map<string, Action>): Action {
    const now = this.#world.now();
    // An action is never ahead of the moment at which it is sent: clocks of phones are set forth and back.
    const occurred = Math.min(action.madeAt, now) + this.#world.ahead();
    let missing = false;
    // A product that turned out to be known under another name.
    const named = action.needs.reduce((before, id) => (byId.has(id) ? withProduct(before, byId.get(id)!) : before), { wish: action.wish });
    const wish = replaceNames(timed(named.wish, timestampFromMs(occurred)), (name, key) => {
      if (!name.startsWith('actions/')) return undefined;
      const made = byId.get(name.slice('actions/'.length));
      const known = key === 'movement' ? made?.movements[0] : made?.lot?.name;
      missing ||= !known;
      return known;
    });
    return missing ? { ...action, state: 'refused', problem: nothingThere } : { ...action, wish };
  }

  async #call(batch: Action[]): Promise<{ outcomes: Outcome[]; failure?: undefined } | { outcomes?: undefined; failure: Problem }> {
    try {
      return { outcomes: await perform(this.#world.api, batch) };
    } catch (error) {
      return { failure: toProblem(error) };
    }
  }

  /** Writes down what came of it. An outcome left out: nothing yet. */
  async #settle(batch: Action[], outcomes: (Outcome | undefined)[]): Promise<void> {
    const heard: Action[] = [];
    await this.#change((actions) => {
      heard.length = 0;
      const now = new Map(actions.map((action) => [action.id, action]));
      const put = new Map<string, Action>();
      const write = (action: Action) => {
        now.set(action.id, action);
        put.set(action.id, action);
      };
      batch.forEach((sent, index) => {
        const action = now.get(sent.id);
        if (!action || !unsettled(action)) return;
        const outcome = outcomes[index];
        if (outcome?.answer) {
          const done = this.#done(action, outcome.answer);
          write(done);
          heard.push(done);
        } else if (!outcome || outcome.problem.code === 'unauthenticated' || isPassing(outcome.problem, action.attempts)) {
          write({ ...action, state: 'waiting', problem: outcome?.problem });
        } else {
          const refused: Action = { ...action, state: 'refused', problem: outcome.problem };
          write(refused);
          heard.push(refused);
          // There is nothing to take back.
          for (const undo of now.values()) {
            if (undo.telling.task === 'undo' && undo.needs.includes(action.id) && unsettled(undo)) write({ ...undo, state: 'withdrawn' });
          }
        }
      });
      return { put: [...put.values()], answer: undefined };
    });
    if (heard.length > 0) for (const tell of this.#settled) tell(heard);
  }

  #done(action: Action, { movements, lot, count, product }: Answer): Action {
    const { problem: _, ...rest } = action;
    return { ...rest, state: 'done', doneAt: this.#world.now(), movements, lot, count, product };
  }

  #wait(problem: Problem): void {
    this.problem = problem;
    this.state = 'away';
    this.#pause = Math.min(LONGEST_PAUSE, Math.max(FIRST_PAUSE, this.#pause * 2, problem.retrySeconds * 1_000));
    // Between a half and all of it, so that the phones of a warehouse do not come back all at once.
    this.#stopWaiting = this.#world.later(this.#pause * (0.5 + this.#world.random() / 2), () => this.send());
  }

  /** Not the service but this device failed, most likely its storage. */
  #stumbled(turn: number, error: unknown): void {
    if (turn !== this.#turn) return;
    console.error(error);
    this.#wait(toProblem(error));
  }

  #made(wish: Wish, telling: Telling, needs: string[] = []): NewAction {
    return { id: newId(), subject: this.#subject, wish, telling, state: 'waiting', madeAt: this.#world.now(), attempts: 0, needs, movements: [] };
  }

  /** With what its request refers to among its needs. */
  #needing(action: NewAction, actions: Action[]): NewAction {
    const references = new Set(namesIn(action.wish.request, 'actions/').map((name) => name.slice('actions/'.length)));
    const products = new Set(namesIn(action.wish.request, 'products/'));
    const implied = actions.filter((one) => references.has(one.id) || products.has(productOf(one.wish) ?? ''));
    // A product that turned out to be known under another name.
    const wish = implied.reduce((before, one) => withProduct({ wish: before }, one).wish, action.wish);
    return { ...action, wish, needs: [...new Set([...action.needs, ...implied.map((one) => one.id)])] };
  }

  async #tidy(): Promise<void> {
    const old = this.#world.now() - KEEP_DAYS * DAY;
    await this.#change((actions) => {
      const over = actions.filter((action) => isOver(action, actions));
      const tooMany = Math.max(0, over.length - KEEP_DONE);
      return { remove: over.filter((action, index) => index < tooMany || (action.doneAt ?? action.madeAt) < old), answer: undefined };
    });
  }

  async #read(): Promise<void> {
    const turn = this.#turn;
    const actions = await this.#store?.actions();
    if (!actions || turn !== this.#turn) return;
    const hadWork = this.waiting.length;
    this.actions = actions;
    if (this.waiting.length > hadWork) this.#nudge();
  }

  async #change<T>(decide: (actions: Action[]) => Change<T>): Promise<T> {
    const turn = this.#turn;
    const { answer, actions } = await this.#kept((store) => store.change(decide));
    if (turn === this.#turn) this.#show(actions);
    return answer;
  }

  #show(actions: Action[]): void {
    this.actions = actions;
    this.#channel?.postMessage('changed');
  }

  async #kept<T>(write: (store: Store) => Promise<T>): Promise<T> {
    if (!this.#store) throw new Error('The queue is not open.');
    try {
      return await write(this.#store);
    } catch (error) {
      // The disk does not take it. In memory the work can go on; the person is warned before leaving the page.
      if (!this.#store.durable) throw error;
      console.error(error);
      this.#store = new MemoryStore(this.actions);
      this.durable = false;
      return write(this.#store);
    }
  }
}

/** Worth another try as it is: nobody was reached, the service is busy, or something else than a service answered (a hotel's sign-in page). */
function isPassing(problem: Problem, attempts: number): boolean {
  if (problem.code === 'unauthenticated') return false;
  if (problem.kind === 'away' || ['aborted', 'resource_exhausted', 'canceled'].includes(problem.code)) return true;
  // Every service gives a reason.
  if (!problem.reason) return true;
  const fault = ['internal', 'unknown', 'data_loss'].includes(problem.code) || (problem.reason === 'GTIN_TAKEN' && !problem.metadata.product);
  return fault && attempts < MAX_FAULTS;
}

const nothingThere: Problem = {
  kind: 'refused',
  code: 'failed_precondition',
  reason: 'NOTHING_THERE',
  message: {
    ja: 'もとになる記録から在庫ができませんでした。受け入れなかった品は、動かすことも訂正することもできません。',
    en: 'What this builds upon has brought nothing into stock: refused goods cannot be moved or corrected.',
  },
  metadata: {},
  violations: [],
  retrySeconds: 0,
};

/** What a reversal or retraction takes back. */
function undoneBy(wish: Wish): string | undefined {
  if (wish.method === 'retractCount') return wish.request.name;
  if (wish.method === 'movement' && wish.request.request?.case === 'reverse') return wish.request.request.value.movement;
  return undefined;
}

/** products/{uuid} that the action makes. */
function productOf(wish: Wish): string | undefined {
  return wish.method === 'createProduct' && wish.request.productId ? `products/${wish.request.productId}` : undefined;
}

/** With the name that the product really has. */
function withProduct<T extends Pick<Action, 'wish'>>(builder: T, made: Action): T {
  const wished = productOf(made.wish);
  if (!wished || !made.product || made.product === wished) return builder;
  return { ...builder, wish: replaceNames(builder.wish, (name) => (name === wished ? made.product : undefined)) };
}

/** The action and all that cannot be without it, by number. */
function withBuilders(actions: Action[], first: Action): Action[] {
  const ids = new Set([first.id]);
  // What was made in the place of another has a higher number than what builds upon it: until nothing more is found.
  for (let before = 0; before < ids.size; ) {
    before = ids.size;
    for (const one of actions) if (unsettled(one) && one.attempts === 0 && one.needs.some((id) => ids.has(id))) ids.add(one.id);
  }
  return actions.filter((one) => ids.has(one.id));
}

/** Nothing more will come of it, and nothing waits for it. */
function isOver(action: Action, actions: Action[]): boolean {
  return (action.state === 'done' || gone(action)) && !actions.some((one) => unsettled(one) && one.needs.includes(action.id));
}

export const queue = new Queue();
