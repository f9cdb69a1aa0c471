// Lines of one delivery stand together: they are answered, fetched and confirmed together. Pure.
import type { Line } from '../gen/kubari/allocation/v1/allocation_pb';

export interface Parcel {
  /** deliveries/{uuid}, or the line itself if it has none. */
  key: string;
  run: string;
  warehouse: string;
  /** By which hub it comes; empty: from the warehouse. */
  hubDisplayName: string;
  distanceMetres: bigint;
  lines: Line[];
  items: bigint;
  /** The earliest of its lines, in seconds; 0: none. */
  answerDue: bigint;
  pickUpDue: bigint;
}

/** In the order in which their answers, else their pick-ups, are due. */
export function parcelsOf(lines: Line[]): Parcel[] {
  const parcels = new Map<string, Parcel>();
  for (const line of lines) {
    const key = line.delivery || line.name;
    const found = parcels.get(key);
    const parcel = found ?? { key, run: line.name.split('/').slice(0, 2).join('/'), warehouse: line.warehouse, hubDisplayName: line.hubDisplayName, distanceMetres: line.distanceMetres, lines: [], items: 0n, answerDue: 0n, pickUpDue: 0n };
    parcel.lines.push(line);
    parcel.items += line.items;
    parcel.answerDue = earlier(parcel.answerDue, line.answerDueTime?.seconds);
    parcel.pickUpDue = earlier(parcel.pickUpDue, line.pickUpDueTime?.seconds);
    parcels.set(key, parcel);
  }
  const due = (parcel: Parcel) => parcel.answerDue || parcel.pickUpDue;
  return [...parcels.values()].sort((a, b) => (due(a) === due(b) ? (a.key < b.key ? -1 : 1) : due(a) < due(b) ? -1 : 1));
}

function earlier(known: bigint, seconds: bigint | undefined): bigint {
  return !seconds ? known : known === 0n || seconds < known ? seconds : known;
}

/** Whole hours that are left, 0 in the last one, negative once it is over. */
export function hoursLeft(due: bigint, now: number): number {
  return Math.floor((Number(due) * 1000 - now) / 3_600_000);
}
