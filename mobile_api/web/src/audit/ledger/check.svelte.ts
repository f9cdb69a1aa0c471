// The whole ledger, read through the feed and judged in this browser. It goes on while other pages are open, can be paused and continued,
// and goes on from where it was when the ledger has grown.
import { api } from '../../api/clients';
import { toProblem, type Problem } from '../../api/problem';
import { session } from '../../api/session.svelte';
import type { FeedEntry } from '../../gen/kubari/stock/v1/stock_pb';
import { Books, rules, type Finding, type Rule } from './books';
import { canHash, hex, leafHash, MerkleTree, movementNames } from './canonical';

const PAGE = 1000;
const MOST_FINDINGS = 100;

/** What an earlier check found, kept on this device: so many movements had this root. */
export interface Mark {
  size: string;
  root: string;
  /** ISO 8601. */
  time: string;
}

export class LedgerCheck {
  state = $state<'new' | 'running' | 'paused' | 'done'>('new');
  /** Movements that were judged: positions 0 to this less one. */
  judged = $state(0);
  /** What the ledger had when it was last asked; 0: not known. */
  expected = $state(0);
  /** The first ones; `broken` counts all. */
  findings = $state.raw<Finding[]>([]);
  broken = $state.raw<Partial<Record<Rule, number>>>({});
  /** Of the Merkle tree over all that was judged, hexadecimal, once the end was reached. */
  root = $state('');
  lastRecorded = $state.raw<FeedEntry['movement']>();
  finished = $state.raw<Date>();
  /** Shelves whose numbers were compared with the list of stock. */
  shelves = $state(0);
  /** Why it stopped before the end; it can be continued. */
  problem = $state.raw<Problem>();
  earlier = $state.raw<Mark>();
  /** Whether the movements that were there at the earlier check are the same today. */
  unchanged = $state<boolean>();

  readonly network: string;
  #books: Books | undefined;
  #tree = new MerkleTree();
  #wanted = false;

  constructor(network: string) {
    this.network = network;
    this.earlier = readMark(network);
  }

  get sound(): boolean {
    return this.findings.length === 0 && this.unchanged !== false;
  }
  get possible(): boolean {
    return canHash();
  }

  pause(): void {
    this.#wanted = false;
  }

  /** Begins, or goes on where it stopped; done once the end is reached, it was paused, or the network is away (`problem`). */
  async run(): Promise<void> {
    if (this.state === 'running') return;
    this.state = 'running';
    this.problem = undefined;
    this.#wanted = true;
    try {
      this.#books ??= new Books(this.network, await movementNames(this.network), (finding) => this.#found(finding));
      this.expected = Number((await api.impact.getImpact({})).ledgerPosition);
      await this.#readToEnd();
      if (this.#wanted) await this.#compareShelves(this.#books);
      if (this.#wanted) await this.#finish();
    } catch (error) {
      this.problem = toProblem(error);
    }
    this.state = this.#wanted && !this.problem ? 'done' : 'paused';
  }

  async #readToEnd(touched?: Set<string>): Promise<void> {
    while (this.#wanted) {
      const { entries } = await api.stock.readFeed({ position: BigInt(this.judged), pageSize: PAGE });
      await this.#judge(entries, touched);
      if (entries.length < PAGE) return;
    }
  }

  async #judge(entries: FeedEntry[], touched?: Set<string>): Promise<void> {
    const hashes = await Promise.all(entries.map(({ movement }) => movement && leafHash(movement, this.network)));
    for (const [index, entry] of entries.entries()) {
      const hash = hashes[index];
      const told = entry.movement?.leafHash;
      this.#books!.add(entry, hash !== undefined && told !== undefined && hex(hash) === hex(told));
      // The tree stands on what was recomputed, not on what was told.
      await this.#tree.add(hash ?? new Uint8Array(32));
      if (this.earlier && this.#tree.size === BigInt(this.earlier.size)) this.unchanged = hex(await this.#tree.root()) === this.earlier.root;
      if (entry.movement) for (const place of [entry.movement.fromPlace, entry.movement.toPlace]) touched?.add(`${entry.movement.lot} ${place}`);
    }
    if (entries.length > 0) this.lastRecorded = entries.at(-1)!.movement;
    this.judged += entries.length;
    this.expected = Math.max(this.expected, this.judged);
  }

  // What people see in the list of stock is what the movements add up to. What moves meanwhile is left out.
  async #compareShelves(books: Books): Promise<void> {
    const told = new Map<string, { onHand: bigint; reserved: bigint }>();
    let pageToken = '';
    do {
      const page = await api.stock.listBalances({ pageSize: 200, pageToken });
      for (const { lot, place, onHand, reserved } of page.balances) told.set(`${lot?.name} ${place?.name}`, { onHand, reserved });
      pageToken = page.nextPageToken;
    } while (pageToken && this.#wanted);
    if (!this.#wanted) return;
    const touched = new Set<string>();
    await this.#readToEnd(touched);
    const nothing = { onHand: 0n, reserved: 0n };
    this.shelves = 0;
    // Of an earlier comparison.
    this.findings = this.findings.filter(({ rule }) => rule !== 'shelves');
    this.broken = { ...this.broken, shelves: undefined };
    for (const key of new Set([...told.keys(), ...books.balances.keys()])) {
      if (touched.has(key) || (!told.has(key) && !books.isShelf(key.split(' ')[1]))) continue;
      const listed = told.get(key) ?? nothing;
      const added = books.balances.get(key) ?? nothing;
      if (told.has(key)) this.shelves += 1;
      if (listed.onHand === added.onHand && listed.reserved === added.reserved) continue;
      this.#found({ rule: 'shelves', facts: { lot: key.split(' ')[0], listed: listed.onHand, added: added.onHand } });
    }
  }

  async #finish(): Promise<void> {
    this.root = hex(await this.#tree.root());
    this.finished = new Date();
    // Fewer than there were: some are gone.
    if (this.earlier && this.#tree.size < BigInt(this.earlier.size)) this.unchanged = false;
    if (this.sound && this.judged > 0) writeMark(this.network, { size: String(this.judged), root: this.root, time: this.finished.toISOString() });
  }

  #found(finding: Finding): void {
    this.broken = { ...this.broken, [finding.rule]: (this.broken[finding.rule] ?? 0) + 1 };
    if (this.findings.length < MOST_FINDINGS) this.findings = [...this.findings, finding];
  }
}

export { rules };

const key = (network: string) => `kubari.ledger.${network}`;

function readMark(network: string): Mark | undefined {
  try {
    const mark = JSON.parse(localStorage.getItem(key(network)) ?? 'null') as Mark | null;
    return mark && /^\d+$/.test(mark.size) && /^[0-9a-f]{64}$/.test(mark.root) ? mark : undefined;
  } catch {
    return undefined;
  }
}

function writeMark(network: string, mark: Mark): void {
  try {
    localStorage.setItem(key(network), JSON.stringify(mark));
  } catch {
    // Private windows may refuse; the next check then has nothing to compare with.
  }
}

let current: LedgerCheck | undefined;

/** The one check of the network that is signed in to; it survives leaving the page. */
export function ledgerCheck(): LedgerCheck {
  const network = session.value?.network?.name.split('/')[1] ?? '';
  if (current?.network !== network) {
    current?.pause();
    current = new LedgerCheck(network);
  }
  return current;
}
