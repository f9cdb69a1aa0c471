// What a phone does while it may have no signal. An action is a change with its request id, kept on the phone before it is sent and until
// the service has answered; the queue (queue.svelte.ts) sends them in the order in which they were made. The service knows the request ids,
// so an action that is sent twice happens once.
import type { MessageInitShape } from '@bufbuild/protobuf';

import type { Problem } from '../api/problem';
import type { CreateProductRequestSchema } from '../gen/kubari/stock/v1/catalogue_pb';
import type {
  ConfirmReceiptRequestSchema,
  MovementRequestSchema,
  ReceiveTransferRequestSchema,
  SendTransferRequestSchema,
} from '../gen/kubari/stock/v1/ledger_pb';
import type { RecordCountRequestSchema, RetractCountRequestSchema } from '../gen/kubari/stock/v1/stocktakes_pb';

/** The requests that a phone makes, without their request ids and times (occurred_time, counted_time): the queue sets those. Where a lot or
 * a movement is not known yet because the action that makes it still waits, `referTo(action)` ("actions/{id}") stands for it in the request and
 * the action is among `needs`; the queue puts the answer's name in its place before it sends. */
export type Wish =
  | { method: 'movement'; request: MessageInitShape<typeof MovementRequestSchema> }
  | { method: 'sendTransfer'; request: MessageInitShape<typeof SendTransferRequestSchema> }
  | { method: 'receiveTransfer'; request: MessageInitShape<typeof ReceiveTransferRequestSchema> }
  | { method: 'count'; request: MessageInitShape<typeof RecordCountRequestSchema> }
  | { method: 'retractCount'; request: MessageInitShape<typeof RetractCountRequestSchema> }
  | { method: 'createProduct'; request: MessageInitShape<typeof CreateProductRequestSchema> }
  | { method: 'confirmReceipt'; request: MessageInitShape<typeof ConfirmReceiptRequestSchema> };

/** What the list of actions shows; kept as it was when the person pressed the button. */
export interface Telling {
  /** "receive", "issue", …: names the words and the picture. */
  task: 'receive' | 'issue' | 'transfer' | 'send' | 'arrive' | 'discard' | 'count' | 'undo' | 'product' | 'confirm';
  product: string;
  /** Lot code, if it is known. */
  lot?: string;
  /** Whole items. */
  items: string;
  /** From where, to where: shelf, group, warehouse. */
  from?: string;
  to?: string;
}

export type ActionState =
  /** Kept here; will be sent when the network is there. */
  | 'waiting'
  | 'sending'
  /** The service has recorded it. */
  | 'done'
  /** The service said no: a person decides (mend and send as a new action, or give up). Later actions go on, but not those that need it. */
  | 'refused'
  /** A person gave it up after a refusal. Stays visible until it is cleared away. */
  | 'dropped'
  /** Taken back before it ever left the phone: the service never heard of it. */
  | 'withdrawn';

export interface Action {
  /** The request id. */
  id: string;
  /** Order on this phone: 1, 2, 3, … */
  number: number;
  /** Whose session made it; it is never sent in someone else's name. */
  subject: string;
  wish: Wish;
  telling: Telling;
  state: ActionState;
  /** Milliseconds since 1970 by the phone's clock; corrected by the server's it becomes the movement's occurred_time. */
  madeAt: number;
  doneAt?: number;
  /** How often it was handed to the network. From the first time on its request never changes, as the service may have it. */
  attempts: number;
  /** Ids of actions that must be done first: a receipt of a product made on this phone needs the product. */
  needs: string[];
  problem?: Problem;
  /** movements/{uuid} of the answer, for undoing. */
  movements: string[];
  /** lots/{uuid} and code of a receipt. */
  lot?: { name: string; code: string };
  /** stocktakes/{uuid}/counts/{uuid} of a count, for taking it back. */
  count?: string;
  /** products/{uuid} of a product, if it is another one than was wished: somebody else had registered the same barcode before. */
  product?: string;
  /** Id of the action that was made in its place. */
  replacedBy?: string;
  /** Whose it was, if the phone was joined anew meanwhile and somebody decided to send it all the same: a display name. */
  madeBy?: string;
}

/** Stands in a request for the lot that a waiting receipt will make, or for the movement that a waiting action will make. */
export function referTo(action: Pick<Action, 'id'>): string {
  return `actions/${action.id}`;
}
