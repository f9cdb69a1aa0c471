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

/** The requests that a phone makes, without their request ids: the queue makes those. */
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
  | 'dropped';

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
  /** Milliseconds since 1970; also the movement's occurred_time. */
  madeAt: number;
  doneAt?: number;
  attempts: number;
  /** Ids of actions that must be done first: a receipt of a product made on this phone needs the product. */
  needs: string[];
  problem?: Problem;
  /** movements/{uuid} of the answer, for undoing. */
  movements: string[];
  /** lots/{uuid} and code of a receipt. */
  lot?: { name: string; code: string };
}
