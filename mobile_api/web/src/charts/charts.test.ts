import { expect, test } from 'vitest';

import { endsOf, foldStreams, OTHERS, type Stream } from './fold';
import { around, insetFrames, project, steps, unproject } from './japan';
import japan from './japan.json';

const stream = (from: string, to: string, value: number): Stream => ({ from: { key: from, name: from }, to: { key: to, name: to }, value });
const fold = (streams: Stream[], most: number) => foldStreams(streams, most, (n) => `${n} others`);

test('many small ends are gathered, and nothing gets lost', () => {
  const streams = Array.from({ length: 30 }, (_, n) => stream(`d${n % 3}`, `g${n}`, n + 1));
  const folded = fold(streams, 5);
  expect(new Set(folded.map(({ to }) => to.key))).toEqual(new Set(['g29', 'g28', 'g27', 'g26', 'g25', OTHERS]));
  expect(folded.find(({ to }) => to.key === OTHERS)?.to.name).toBe('25 others');
  expect(new Set(folded.map(({ from }) => from.key))).toEqual(new Set(['d0', 'd1', 'd2']));
  expect(folded.reduce((sum, { value }) => sum + value, 0)).toBe(465);
  expect(endsOf(folded, 'to').map(({ key }) => key)).toEqual(['g29', 'g28', 'g27', 'g26', 'g25', OTHERS]);
});

test('a single small end keeps its name; the same pair is one stream; what is not above zero is not drawn', () => {
  const folded = fold([stream('a', 'x', 2), stream('a', 'y', 1), stream('a', 'z', 1), stream('a', 'x', 3), stream('b', 'x', 0), stream('c', 'x', -4)], 2);
  expect(folded.map(({ from, to, value }) => [from.key, to.key, value])).toEqual([
    ['a', 'x', 5],
    ['a', 'y', 1],
    ['a', 'z', 1],
  ]);
});

test('every prefecture has outlines, and each of its islands stands on one side of every frame', () => {
  expect(japan.features.map(({ properties }) => properties.name)).toEqual(Array.from({ length: 47 }, (_, n) => String(n + 1).padStart(2, '0')));
  for (const { properties, geometry } of japan.features) {
    for (const [ring] of geometry.coordinates) {
      const moved = new Set(ring.map(([x, y]) => Math.round((project([x, y])[1] + y) * 100)));
      expect([properties.name, moved.size]).toEqual([properties.name, 1]);
    }
  }
});

test('the projection and back; Naha stands in a frame that no prefecture touches', () => {
  for (const place of [[139.69, 35.69], [127.68, 26.21], [129.49, 28.38], [142.19, 27.09], [141.35, 43.06]] as const) {
    const [longitude, latitude] = unproject(project([...place]));
    expect([longitude.toFixed(6), latitude.toFixed(6)]).toEqual([place[0].toFixed(6), place[1].toFixed(6)]);
  }
  const [frame] = insetFrames.geometry.coordinates.map((ring) => ring.map(project as never) as [number, number][]);
  const [west, east] = [Math.min(...frame.map(([x]) => x)), Math.max(...frame.map(([x]) => x))];
  const [north, south] = [Math.min(...frame.map(([, y]) => y)), Math.max(...frame.map(([, y]) => y))];
  const [x, y] = project([127.68, 26.21]);
  expect(x > west && x < east && y > north && y < south).toBe(true);
  const inside = japan.features.filter(({ geometry }) =>
    geometry.coordinates.some(([ring]) => ring.some((point) => ((p) => p[0] > west && p[0] < east && p[1] > north && p[1] < south)(project(point)))),
  );
  expect(inside.map(({ properties }) => properties.name)).toEqual(['46', '47']);
});

test('classes end at round numbers, and the largest value is in the last', () => {
  expect(steps([1234, 30])).toEqual([250, 500, 750, 1000, 1250]);
  expect(steps([3, 1])).toEqual([1, 2, 3]);
  expect(steps([50])).toEqual([10, 20, 30, 40, 50]);
  expect(steps([0])).toEqual([]);
  expect(steps([])).toEqual([]);
});

test('places close together are zoomed in on, places all over Japan are not', () => {
  const [northWest, southEast] = around([{ longitude: 139.7, latitude: 35.7 }, { longitude: 140.1, latitude: 36.1 }])!;
  expect(northWest[0] < 139.7 && northWest[1] > 36.1 && southEast[0] > 140.1 && southEast[1] < 35.7).toBe(true);
  expect(around([{ longitude: 141.3, latitude: 43 }, { longitude: 130.4, latitude: 33.6 }])).toBeUndefined();
  expect(around([])).toBeUndefined();
});
