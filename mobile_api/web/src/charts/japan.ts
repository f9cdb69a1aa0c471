// Japan on a plane: equirectangular, true to scale at 36° north; what lies far off stands in a frame, moved but at the same scale.
type Point = [x: number, y: number];

interface Inset {
  /** Degrees: west, south, east, north. */
  area: [number, number, number, number];
  shift: Point;
}

const insets: Inset[] = [
  // Okinawa and Amami, in the Sea of Japan.
  { area: [122.4, 23.8, 131.6, 28.8], shift: [6.3, 16.2] },
  // Ogasawara, to the north.
  { area: [141.4, 26, 143, 28.2], shift: [1, 6.5] },
];

const WIDTH_OF_DEGREE = Math.cos((36 * Math.PI) / 180);

/** Longitude and latitude in degrees → x to the right and y downwards, in degrees of latitude. */
export function project([longitude, latitude]: Point | number[]): Point {
  const inset = insets.find(({ area }) => holds(area, longitude, latitude));
  const [east, north] = inset?.shift ?? [0, 0];
  return [(longitude + east) * WIDTH_OF_DEGREE, -(latitude + north)];
}

/** The reverse; a place within a frame is what the frame shows. */
export function unproject([x, y]: Point | number[]): Point {
  const longitude = x / WIDTH_OF_DEGREE;
  const latitude = -y;
  const inset = insets.find(({ area, shift }) => holds(area, longitude - shift[0], latitude - shift[1]));
  const [east, north] = inset?.shift ?? [0, 0];
  return [longitude - east, latitude - north];
}

function holds([west, south, east, north]: Inset['area'], longitude: number, latitude: number): boolean {
  return longitude >= west && longitude <= east && latitude >= south && latitude <= north;
}

/** The frames' lines as a feature of the map, at the places where they stand. */
export const insetFrames = {
  type: 'Feature',
  properties: { name: 'frames' },
  geometry: {
    type: 'MultiLineString',
    coordinates: insets.map(({ area: [west, south, east, north], shift: [x, y] }) =>
      [
        [west, south],
        [west, north],
        [east, north],
        [east, south],
        [west, south],
      ].map(([longitude, latitude]) => [longitude + x, latitude + y]),
    ),
  },
} as const;

/** Upper ends of up to `classes` classes for shading values above 0: round numbers, so that a legend can be read. */
export function steps(values: number[], classes = 5): number[] {
  const largest = Math.max(0, ...values);
  if (largest === 0) return [];
  const raw = largest / classes;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = Math.max(1, power * [1, 2, 2.5, 5, 10].find((one) => one * power >= raw)!);
  return Array.from({ length: Math.ceil(largest / step) }, (_, index) => step * (index + 1));
}

/** Longitude and latitude of the north-west and south-east corners around the points, with a margin; undefined if that is nearly all of Japan. */
export function around(points: { longitude: number; latitude: number }[]): [Point, Point] | undefined {
  if (points.length === 0) return undefined;
  const places = points.map(({ longitude, latitude }) => project([longitude, latitude]));
  const xs = places.map(([x]) => x);
  const ys = places.map(([, y]) => y);
  const middle: Point = [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
  const half = Math.max(1, (Math.max(...xs) - Math.min(...xs)) * 0.6, (Math.max(...ys) - Math.min(...ys)) * 0.6);
  if (half > 4.5) return undefined;
  const corner = (x: number, y: number): Point => [x / WIDTH_OF_DEGREE, -y];
  return [corner(middle[0] - half, middle[1] - half), corner(middle[0] + half, middle[1] + half)];
}
