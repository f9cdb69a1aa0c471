// What of a movement anyone can recompute: its id, its canonical bytes and their RFC 6962 leaf hash, written from the description in
// services/stock/README.md, "Canonical bytes of a movement". The golden values in ledger.test.ts are those of the services.
import type { Timestamp } from '@bufbuild/protobuf/wkt';

import { MovementKind, type Movement } from '../../gen/kubari/stock/v1/ledger_pb';

const encoder = new TextEncoder();

/** Browsers hash on https pages and on this machine itself only. */
export const canHash = (): boolean => globalThis.crypto?.subtle !== undefined;

export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource));
}

export const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** "lots/0190…" → "0190…" */
const id = (name: string) => name.slice(name.indexOf('/') + 1);
const micros = (time: Timestamp | undefined) => (time ? time.seconds * 1_000_000n + BigInt(Math.trunc(time.nanos / 1000)) : 0n);
// A kind that this version does not know is written as its number.
const kindName = (kind: MovementKind) => MovementKind[kind] ?? String(kind);
const escape = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

/** `network`: its UUID. */
export function canonicalText(movement: Movement, network: string): string {
  const fields: [string, string | bigint | number][] = [
    ['network', network],
    ['position', movement.position],
    ['movement', id(movement.name)],
    ['kind', kindName(movement.kind)],
    ['lot', id(movement.lot)],
    ['from', id(movement.fromPlace)],
    ['to', id(movement.toPlace)],
    ['items', movement.items],
    ['reservation', id(movement.reservation)],
    ['delivery', id(movement.delivery)],
    ['group', id(movement.group)],
    ['operation', movement.operation],
    ['reverses', id(movement.reverses)],
    ['effect', kindName(movement.effectKind)],
    ['effect_items', movement.effectItems],
    ['reason', movement.reason],
    ['note', movement.note],
    ['actor', movement.actor],
    ['occurred', micros(movement.occurredTime)],
    ['recorded', micros(movement.recordedTime)],
    ['households', movement.households],
    ['municipality', movement.municipalityCode],
    ['request', movement.requestId],
  ];
  return `kubari.movement.v1\n${fields.map(([name, value]) => `${name}:${escape(String(value))}\n`).join('')}`;
}

/** SHA-256(0x00 ‖ canonical bytes): RFC 6962 keeps leaves apart from inner nodes by their first byte. */
export async function leafHash(movement: Movement, network: string): Promise<Uint8Array> {
  return sha256(prefixed(0, encoder.encode(canonicalText(movement, network))));
}

/** Ids of the movements of a network by position, as UUIDs of version 8. */
export async function movementNames(network: string): Promise<(position: bigint) => string> {
  const start = hex(await sha256(encoder.encode(network)));
  const head = `movements/${start.slice(0, 8)}-${start.slice(8, 12)}-8${start.slice(12, 15)}-8`;
  return (position) => {
    const tail = position.toString(16).padStart(16, '0');
    return `${head}${tail.slice(1, 4)}-${tail.slice(4)}`;
  };
}

/** The root of the RFC 6962 Merkle tree over leaves that come one by one; keeps one hash for each bit of their number. */
export class MerkleTree {
  size = 0n;
  // Roots of complete subtrees, the largest first.
  #subtrees: Uint8Array[] = [];

  async add(leaf: Uint8Array): Promise<void> {
    let root = leaf;
    for (let bits = this.size; bits & 1n; bits >>= 1n) root = await inner(this.#subtrees.pop()!, root);
    this.#subtrees.push(root);
    this.size += 1n;
  }

  async root(): Promise<Uint8Array> {
    let root: Uint8Array | undefined;
    for (const subtree of [...this.#subtrees].reverse()) root = root ? await inner(subtree, root) : subtree;
    return root ?? sha256(new Uint8Array());
  }
}

function inner(left: Uint8Array, right: Uint8Array): Promise<Uint8Array> {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return sha256(prefixed(1, both));
}

function prefixed(first: number, bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(bytes.length + 1);
  whole[0] = first;
  whole.set(bytes, 1);
  return whole;
}
