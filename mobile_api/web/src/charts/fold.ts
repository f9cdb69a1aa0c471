// Many small ones gathered into "others", so that a picture stays readable. The table beside it keeps them all.
export interface End {
  key: string;
  name: string;
}

export interface Stream {
  from: End;
  to: End;
  value: number;
}

export const OTHERS = 'others';

/** The streams between the `most` largest sources and the `most` largest targets; the rest runs from or to an end with the key "others"
 * and a name by `nameOthers`. One more than `most` is not gathered: "1 other" would say less than its name. */
export function foldStreams(streams: Stream[], most: number, nameOthers: (count: number) => string): Stream[] {
  const from = keep(streams, (stream) => stream.from, most, nameOthers);
  const to = keep(streams, (stream) => stream.to, most, nameOthers);
  const merged = new Map<string, Stream>();
  for (const stream of streams) {
    if (stream.value <= 0) continue;
    const folded = { from: from(stream.from), to: to(stream.to), value: stream.value };
    const key = `${folded.from.key} ${folded.to.key}`;
    const there = merged.get(key);
    if (there) there.value += folded.value;
    else merged.set(key, folded);
  }
  return [...merged.values()].sort((a, b) => b.value - a.value);
}

/** The ends of one side, the largest first, the gathered ones last. */
export function endsOf(streams: Stream[], side: 'from' | 'to'): End[] {
  const ends = new Map<string, { end: End; sum: number }>();
  for (const stream of streams) {
    const there = ends.get(stream[side].key);
    if (there) there.sum += stream.value;
    else ends.set(stream[side].key, { end: stream[side], sum: stream.value });
  }
  const last = ({ end }: { end: End }) => (end.key === OTHERS ? 1 : 0);
  return [...ends.values()].sort((a, b) => last(a) - last(b) || b.sum - a.sum).map(({ end }) => end);
}

function keep(streams: Stream[], endOf: (stream: Stream) => End, most: number, nameOthers: (count: number) => string): (end: End) => End {
  const sums = new Map<string, number>();
  for (const stream of streams) sums.set(endOf(stream).key, (sums.get(endOf(stream).key) ?? 0) + Math.max(0, stream.value));
  if (sums.size <= most + 1) return (end) => end;
  const kept = new Set([...sums].sort(([, a], [, b]) => b - a).slice(0, most).map(([key]) => key));
  const others = { key: OTHERS, name: nameOthers(sums.size - most) };
  return (end) => (kept.has(end.key) ? end : others);
}
