// Everything that the caller may read, list by list: what `kubari export --all` does, in the browser. What there is stands in the contract
// (type/v1/take_along.proto).
import { getOption, hasOption, toJsonString, type DescField, type DescMessage, type DescMethod, type DescService, type Message } from '@bufbuild/protobuf';
import { reflect, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import { timestampDate, type Timestamp } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';

import { access, Role } from '../gen/kubari/type/v1/access_pb';
import { take_along } from '../gen/kubari/type/v1/take_along_pb';
import { csv } from '../components/csv';

export interface Taken {
  /** "stock.ListLots" */
  name: string;
  service: DescService;
  method: DescMethod;
  /** Type of the messages for each of which the method is called; empty: once. */
  each: string;
  fields: Record<string, string>;
  where: string;
}

export type Arguments = Record<string, string>;

/** The services of the contract, loaded when they are needed. */
export async function contract(): Promise<DescService[]> {
  const files = import.meta.glob('../gen/kubari/*/v1/*_pb.ts');
  const modules = await Promise.all(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)).map(([, load]) => load() as Promise<Record<string, { kind?: string }>>));
  return modules.flatMap((module) => Object.values(module).filter((one) => one?.kind === 'service')) as unknown as DescService[];
}

/** The methods that are taken along; not those that only services may call. */
export function takenAlong(services: DescService[]): Taken[] {
  return services.flatMap((service) =>
    service.methods.flatMap((method) => {
      const along = getOption(method, take_along);
      const rule = getOption(method, access);
      const forPeople = rule.anyRole || rule.ownRoles.length > 0 || rule.roles.some((role) => role !== Role.SERVICE);
      if (along.leftOut || !forPeople || !(hasOption(method, take_along) || method.name.startsWith('List'))) return [];
      const name = `${service.typeName.split('.')[1]}.${method.name}`;
      return [{ name, service, method, each: along.each, fields: along.fields, where: along.where }];
    }),
  );
}

const rowsOf = (method: DescMethod) =>
  method.input.fields.some((field) => field.name === 'page_token') ? method.output.fields.find((field) => field.fieldKind === 'list' && field.listKind === 'message') : undefined;
const bytesOf = (desc: DescMessage) => desc.fields.find((field) => field.fieldKind === 'scalar' && field.scalar === 12);
const rowType = (taken: Taken): DescMessage => {
  const rows = rowsOf(taken.method);
  return rows?.fieldKind === 'list' && rows.listKind === 'message' ? rows.message : taken.method.output;
};

function holds(desc: DescMessage, type: string, seen = new Set<string>()): boolean {
  if (desc.typeName === type) return true;
  if (seen.has(desc.typeName)) return false;
  seen.add(desc.typeName);
  return desc.fields.some((field) => field.message !== undefined && holds(field.message, type, seen));
}

function inner(message: ReflectMessage, field: DescField): ReflectMessage[] {
  if (field.fieldKind === 'message') return message.isSet(field) ? [message.get(field)] : [];
  if (field.fieldKind === 'list' && field.listKind === 'message') return [...message.get(field)] as ReflectMessage[];
  return [];
}

function valuesAt(message: ReflectMessage, path: string[]): string[] {
  const field = message.desc.fields.find((one) => one.name === path[0]);
  if (!field) return [];
  if (path.length > 1) return inner(message, field).flatMap((one) => valuesAt(one, path.slice(1)));
  if (field.fieldKind === 'scalar') return [String(message.get(field))];
  if (field.fieldKind === 'list' && field.listKind === 'scalar') return [...message.get(field)].map(String);
  return [];
}

function isSet(message: ReflectMessage, name: string): boolean {
  const field = message.desc.fields.find((one) => one.name === name);
  return field !== undefined && message.isSet(field);
}

/** The arguments of all calls that the messages within `message` ask for. */
export function callsFor(taken: Taken, message: ReflectMessage): Arguments[] {
  const deeper = message.desc.fields.flatMap((field) => inner(message, field)).flatMap((one) => callsFor(taken, one));
  if (message.desc.typeName !== taken.each || (taken.where !== '' && !isSet(message, taken.where))) return deeper;
  let here: Arguments[] = [{}];
  for (const [field, at] of Object.entries(taken.fields)) {
    const values = valuesAt(message, at.split('.')).filter((value) => value !== '');
    here = here.flatMap((one) => values.map((value) => ({ ...one, [field]: value })));
  }
  return [...here, ...deeper];
}

/** Titles of all plain fields, nested ones as "lot.code". */
export function titles(desc: DescMessage, prefix = '', depth = 0): string[] {
  return desc.fields.flatMap((field) => {
    if (field.fieldKind === 'message' && field.message.typeName !== 'google.protobuf.Timestamp') return depth < 4 ? titles(field.message, `${prefix}${field.name}.`, depth + 1) : [];
    if (field.fieldKind === 'map' || (field.fieldKind === 'list' && field.listKind === 'message')) return [];
    return [prefix + field.name];
  });
}

export function cells(message: ReflectMessage | undefined, desc: DescMessage, depth = 0): string[] {
  return desc.fields.flatMap((field): string[] => {
    if (field.fieldKind === 'message' && field.message.typeName === 'google.protobuf.Timestamp') {
      return [message?.isSet(field) ? timestampDate((message.get(field) as ReflectMessage).message as Timestamp).toISOString() : ''];
    }
    if (field.fieldKind === 'message') return depth < 4 ? cells(message?.isSet(field) ? message.get(field) : undefined, field.message, depth + 1) : [];
    if (field.fieldKind === 'map' || (field.fieldKind === 'list' && field.listKind === 'message')) return [];
    if (!message) return [''];
    const text = (value: unknown) => {
      if (field.enum) return field.enum.values.find((one) => one.number === value)?.name ?? String(value);
      return value instanceof Uint8Array ? Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('') : String(value);
    };
    return [field.fieldKind === 'list' ? ([...message.get(field)] as unknown[]).map(text).join(';') : text(message.get(field))];
  });
}

export interface Entry {
  name: string;
  lastModified: Date;
  input: Blob;
}

export interface Progress {
  /** Lists that are done, of those that there are. */
  done: number;
  of: number;
  name: string;
  rows: number;
  files: number;
}

const endings: Record<string, string> = { 'image/jpeg': '.jpg', 'image/png': '.png', 'image/webp': '.webp', 'application/pdf': '.pdf' };
const safe = (name: string) => name.replace(/[/\\:\p{Cc}]/gu, '-').replace(/^\.+/, '').slice(0, 150) || 'file';

async function sha256(blob: Blob): Promise<string | undefined> {
  // Not there on plain HTTP.
  if (!globalThis.crypto?.subtle) return undefined;
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** All files, one after the other; the last is manifest.json. Stops with the signal. A list that may not be read is left out and told there. */
export async function* walk(services: DescService[], transport: Transport, signal: AbortSignal, tell: (progress: Progress) => void): AsyncGenerator<Entry> {
  const all = takenAlong(services);
  const waiting = new Map<Taken, Arguments[]>(all.map((taken) => [taken, taken.each === '' ? [{}] : []]));
  const asked = new Set<string>();
  const files: Record<string, unknown>[] = [];
  const notTaken: Record<string, unknown>[] = [];
  const readable = new Set<Taken>();
  const progress: Progress = { done: 0, of: all.length, name: '', rows: 0, files: 0 };

  const meet = (message: ReflectMessage) => {
    for (const taken of all) {
      if (taken.each === '') continue;
      for (const call of callsFor(taken, message)) {
        const key = `${taken.name} ${JSON.stringify(call)}`;
        if (asked.has(key)) continue;
        asked.add(key);
        waiting.get(taken)!.push(call);
      }
    }
  };

  async function call(taken: Taken, request: Record<string, unknown>): Promise<ReflectMessage> {
    const client = createClient(taken.service, transport) as unknown as Record<string, (request: unknown, options: unknown) => Promise<Message>>;
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      try {
        return reflect(taken.method.output, await client[taken.method.localName](request, { signal, timeoutMs: 120_000 }));
      } catch (raw) {
        signal.throwIfAborted();
        const code = ConnectError.from(raw).code;
        if (attempt === 4 || (code !== Code.Unavailable && code !== Code.ResourceExhausted && code !== Code.DeadlineExceeded)) throw raw;
        await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
      }
    }
  }

  async function entry(name: string, input: Blob, more: Record<string, unknown>): Promise<Entry> {
    files.push({ path: name, ...more, bytes: input.size, sha256: await sha256(input) });
    progress.files++;
    return { name, lastModified: new Date(), input };
  }

  /** The rows of one call; of a method that is no list, its answer, and the file in it. */
  async function read(taken: Taken, given: Arguments): Promise<{ rows: ReflectMessage[]; file?: Entry }> {
    const list = rowsOf(taken.method);
    const local = (name: string) => taken.method.input.fields.find((field) => field.name === name)?.localName ?? name;
    const request: Record<string, unknown> = Object.fromEntries(Object.entries(given).map(([name, value]) => [local(name), value]));
    if (list) {
      const rows: ReflectMessage[] = [];
      request.pageSize = 200;
      for (;;) {
        const page = await call(taken, request);
        for (const row of inner(page, list)) {
          rows.push(row);
          meet(row);
        }
        progress.rows += inner(page, list).length;
        tell({ ...progress });
        request.pageToken = (page.message as unknown as { nextPageToken?: string }).nextPageToken ?? '';
        if (!request.pageToken) return { rows };
      }
    }
    const bytes = bytesOf(taken.method.output);
    const parts: BlobPart[] = [];
    const inParts = bytes && 'offset' in (taken.method.input.field ?? {}) && 'totalBytes' in (taken.method.output.field ?? {});
    if (inParts) Object.assign(request, { offset: 0n, maxBytes: 4 << 20 });
    for (let at = 0n; ; ) {
      const answer = await call(taken, request);
      meet(answer);
      if (!bytes) return { rows: [answer] };
      const part = answer.get(bytes) as Uint8Array;
      parts.push(part as BlobPart);
      at += BigInt(part.length);
      const told = answer.message as unknown as { fileName?: string; mediaType?: string; totalBytes?: bigint };
      if (inParts && part.length > 0 && at < (told.totalBytes ?? 0n)) {
        request.offset = at;
        continue;
      }
      const ending = /\.[A-Za-z0-9]{1,7}$/.exec(told.fileName ?? '')?.[0] ?? endings[told.mediaType ?? ''] ?? '.bin';
      answer.clear(bytes);
      const file = await entry(`files/${taken.name}/${safe(Object.values(given).join('_'))}${ending}`, new Blob(parts), { of: given });
      return { rows: [answer], file };
    }
  }

  const pending = () => all.find((taken) => waiting.get(taken)!.length > 0);
  const reachable = (type: string) => all.some((taken) => taken.each === '' && readable.has(taken) && holds(rowType(taken), type));
  const rounds = new Map<string, number>();
  for (let alone = false; ; ) {
    const taken = pending();
    if (!taken) {
      if (alone) break;
      alone = true;
      // Lists that belong to something of which the caller may see no list: their own part of them.
      for (const one of all) if (one.each !== '' && !reachable(one.each)) waiting.get(one)!.push({});
      continue;
    }
    progress.name = taken.name;
    const desc = rowType(taken);
    const lines: string[] = [];
    const table: string[][] = [];
    for (let given = waiting.get(taken)!.shift(); given; given = waiting.get(taken)!.shift()) {
      tell({ ...progress });
      try {
        const { rows, file } = await read(taken, given);
        readable.add(taken);
        for (const row of rows) {
          lines.push(toJsonString(desc, row.message) + '\n');
          table.push(cells(row, desc));
        }
        if (file) yield file;
      } catch (raw) {
        signal.throwIfAborted();
        const error = ConnectError.from(raw);
        if (error.code === Code.Unavailable || error.code === Code.Unauthenticated || error.code === Code.DeadlineExceeded) throw raw;
        notTaken.push({ call: taken.name, of: given, reason: Code[error.code] });
      }
    }
    if (lines.length > 0) {
      const round = (rounds.get(taken.name) ?? 0) + 1;
      rounds.set(taken.name, round);
      const name = round === 1 ? taken.name : `${taken.name}-${round}`;
      yield await entry(`${name}.ndjson`, new Blob(lines), { rows: lines.length });
      yield await entry(`${name}.csv`, new Blob([csv(titles(desc), table) as BlobPart]), { rows: lines.length });
    }
    progress.done = Math.min(progress.of, progress.done + 1);
    tell({ ...progress });
  }
  const manifest = { format: 'kubari export, version 1', time: new Date().toISOString(), files, not_taken: notTaken };
  yield { name: 'manifest.json', lastModified: new Date(), input: new Blob([JSON.stringify(manifest, null, 1)]) };
}
