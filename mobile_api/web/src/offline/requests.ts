// From a wish to a request: what stands in for something else is replaced, the time is set, the call is made.
import type { Timestamp } from '@bufbuild/protobuf/wkt';

import type { Clients } from '../api/clients';
import { statusProblem, toProblem, type Problem } from '../api/problem';
import type { Action, Wish } from './actions';

/** What the service made of an action. */
export interface Answer {
  movements: string[];
  lot?: { name: string; code: string };
  count?: string;
  product?: string;
}

export type Outcome = { answer: Answer; problem?: undefined } | { answer?: undefined; problem: Problem };

/** All strings of a request that begin so. */
export function namesIn(value: unknown, prefix: string): string[] {
  if (typeof value === 'string') return value.startsWith(prefix) ? [value] : [];
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  return Object.values(value).flatMap((part) => namesIn(part, prefix));
}

/** A copy in which each string for which `to` knows another is replaced. `key`: the field in which it stands. */
export function replaceNames<T>(value: T, to: (name: string, key: string) => string | undefined, key = ''): T {
  if (typeof value === 'string') return (to(value, key) as T | undefined) ?? value;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map((part: unknown) => replaceNames(part, to, key)) as T;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, replaceNames(part, to, name)])) as T;
}

/** The wish at its time. */
export function timed(wish: Wish, occurredTime: Timestamp): Wish {
  switch (wish.method) {
    case 'movement': {
      const { request } = wish.request;
      // A oneof's case and its value belong together, which a spread cannot tell the compiler.
      return { ...wish, request: { request: { ...request, value: { ...request?.value, occurredTime } } } } as Wish;
    }
    case 'count':
      return { ...wish, request: { ...wish.request, countedTime: occurredTime } };
    case 'sendTransfer':
      return { ...wish, request: { ...wish.request, occurredTime } };
    case 'receiveTransfer':
      return { ...wish, request: { ...wish.request, occurredTime } };
    case 'confirmReceipt':
      return { ...wish, request: { ...wish.request, occurredTime } };
    default:
      return wish;
  }
}

/** Several movements, or one action of another kind. Throws if the call as a whole fails. */
export async function perform(api: Clients, batch: Action[]): Promise<Outcome[]> {
  const [{ id: requestId, wish, subject }] = batch;
  switch (wish.method) {
    case 'movement':
      return performMovements(api, batch);
    case 'sendTransfer':
      return [{ answer: moved(await api.stock.sendTransfer({ ...wish.request, requestId })) }];
    case 'receiveTransfer':
      return [{ answer: moved(await api.stock.receiveTransfer({ ...wish.request, requestId })) }];
    case 'confirmReceipt':
      return [{ answer: moved(await api.stock.confirmReceipt({ ...wish.request, requestId })) }];
    case 'createProduct':
      return [await createProduct(api, requestId, wish)];
    case 'count': {
      const line = await api.stocktakes.recordCount({ ...wish.request, requestId });
      // The answer names the line. Which of its counts is this one? One's own, of that moment, recorded last.
      const time = wish.request.countedTime;
      const own = line.counts.filter((count) => count.actor === subject && count.countedTime?.seconds === time?.seconds && count.countedTime?.nanos === time?.nanos);
      return [{ answer: { movements: [], count: own.at(-1)?.name } }];
    }
    case 'retractCount':
      await api.stocktakes.retractCount({ ...wish.request, requestId });
      return [{ answer: { movements: [] } }];
  }
}

const moved = (answer: { movements: { name: string }[] }): Answer => ({ movements: answer.movements.map((movement) => movement.name) });

async function performMovements(api: Clients, batch: Action[]): Promise<Outcome[]> {
  const requests = batch.flatMap(({ id: requestId, wish }) => {
    if (wish.method !== 'movement') return [];
    const { request } = wish.request;
    return [{ request: { ...request, value: { ...request?.value, requestId } } } as typeof wish.request];
  });
  const { outcomes } = await api.stock.recordMovements({ requests });
  return batch.map((_, index): Outcome => {
    const outcome = outcomes[index];
    // Never seen; but silence is not "done".
    if (!outcome) return { problem: toProblem(new Error('no outcome')) };
    if (outcome.error && outcome.error.code !== 0) return { problem: statusProblem(outcome.error) };
    const { lot } = outcome;
    return { answer: { ...moved(outcome), lot: lot && { name: lot.name, code: lot.code } } };
  });
}

/** Somebody else may have registered the barcode meanwhile. It is the same product then: what waits for it goes on with theirs. */
async function createProduct(api: Clients, requestId: string, wish: Extract<Wish, { method: 'createProduct' }>): Promise<Outcome> {
  try {
    return { answer: { movements: [], product: (await api.stock.createProduct({ ...wish.request, requestId })).name } };
  } catch (error) {
    const problem = toProblem(error);
    if (problem.reason === 'GTIN_TAKEN' && problem.metadata.product?.startsWith('products/')) {
      return { answer: { movements: [], product: problem.metadata.product } };
    }
    throw error;
  }
}
