// What the phone's camera sees: a video of a box with a barcode on it, for Chromium's fake capture device. The picture is drawn point by
// point from the code's bars (bwip-js), so that the same code in the same look gives the same bytes everywhere.
//
//   const camera = new Camera();
//   const browser = await launch(camera.flags);  // of connection.mjs
//   camera.show(ean13('9520000000015'), looks.tilted);   // someone holds a box before the phone …
//   camera.hide();                                       // … and puts it away
//
// Chromium reads the file again and again while the camera is open. Every video has the same size, and show() writes over the old one in
// place: what the running camera sees changes within a second, no matter when the app opened it.
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const bwip = createRequire(new URL('../../mobile_api/web/package.json', import.meta.url))('bwip-js');

export const width = 960;
export const height = 720;
/** Frames, and frames per second. */
const frameCount = 8;

/** 13 digits. */
export const ean13 = (digits) => ({ type: 'ean13', text: digits });
/** 8 digits. */
export const ean8 = (digits) => ({ type: 'ean8', text: digits });
/** 14 digits, as on cases. */
export const itf14 = (digits) => ({ type: 'itf14', text: digits });
/** Element strings in brackets: "(01)09520000000015(15)270331(10)L1". */
export const gs1Code128 = (elements) => ({ type: 'gs1-128', text: elements });
export const gs1DataMatrix = (elements) => ({ type: 'gs1datamatrix', text: elements });
/** Any text: a GS1 Digital Link, an invite, a delivery sheet's address. */
export const qr = (text) => ({ type: 'qrcode', text });
/** A code without a check, to show what must not be accepted. */
export const code128 = (text) => ({ type: 'code128', text });

/**
 * How it is held. `turn`: degrees; `blur`: radius in points of the picture; `light`: 1 is daylight; `grain`: how far a point strays,
 * of 255; `shake`: points by which the hand moves.
 */
export const looks = {
  plain: {},
  tilted: { turn: 17 },
  upsideDown: { turn: 180 },
  blurred: { blur: 2 },
  dim: { light: 0.22, grain: 7 },
  shaky: { shake: 16, turn: 4 },
  /** All at once, as at the end of a long day in a cold room. */
  tired: { turn: -11, blur: 1, light: 0.45, grain: 6, shake: 9 },
};

/** The code as a matrix of dark squares, quiet zone included. */
export function matrix({ type, text }) {
  const [drawn] = bwip.raw(type, text, {});
  if (drawn.pixs) {
    const quiet = type === 'qrcode' ? 4 : 2;
    const columns = drawn.pixx + 2 * quiet;
    const rows = drawn.pixy + 2 * quiet;
    const dark = (x, y) => {
      const [column, row] = [x - quiet, y - quiet];
      return column >= 0 && row >= 0 && column < drawn.pixx && row < drawn.pixy && drawn.pixs[row * drawn.pixx + column] === 1;
    };
    return { columns, rows, dark, wide: 0.42 };
  }
  // Widths of bar, space, bar, …
  const bars = drawn.sbs.flatMap((modules, index) => Array(modules).fill(index % 2 === 0));
  const quiet = 11;
  const columns = bars.length + 2 * quiet;
  // White above and below, so that a turned code stays whole.
  const tall = Math.round(columns * 0.34);
  const rows = tall + 8;
  return { columns, rows, dark: (x, y) => y >= 4 && y < tall + 4 && bars[x - quiet] === true, wide: 0.8 };
}

/** Brightness 0…255 of every point, row by row, in one frame (0 to frameCount - 1) of one second; `code` undefined: only the box. */
export function picture(code, look = {}, frame = 0) {
  const { turn = 0, blur = 0, light = 1, grain = 1.5, shake = 1 } = look;
  const label = code && raster(matrix(code));
  const phase = (2 * Math.PI * frame) / frameCount;
  const middleX = width / 2 + shake * Math.sin(phase);
  const middleY = height / 2 + shake * 0.6 * Math.sin(2 * phase + 1);
  const angle = ((turn + 0.12 * shake * Math.sin(phase + 2)) * Math.PI) / 180;
  let points = new Float32Array(width * height);
  const toColumn = label ? Math.cos(angle) / label.scale : 0;
  const toRow = label ? Math.sin(angle) / label.scale : 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      // Cardboard, a bit lighter towards one corner.
      const box = 120 + (25 * x) / width + (15 * y) / height;
      if (!label) {
        points[i] = box;
        continue;
      }
      // Four looks at every point: edges come out grey, as through a lens.
      let sum = 0;
      for (let look = 0; look < 4; look++) {
        const dx = x + (look & 1 ? 0.75 : 0.25) - middleX;
        const dy = y + (look & 2 ? 0.75 : 0.25) - middleY;
        const column = Math.floor(dx * toColumn + dy * toRow + label.columns / 2);
        const row = Math.floor(dy * toColumn - dx * toRow + label.rows / 2);
        const within = column >= 0 && row >= 0 && column < label.columns && row < label.rows;
        sum += within ? label.shades[row * label.columns + column] : box;
      }
      points[i] = sum / 4;
    }
  }
  // Two passes of a box are close to a lens out of focus.
  for (let pass = 0; pass < (blur > 0 ? 2 : 0); pass++) points = blurred(blurred(points, blur, 1, width, height), blur, width, height, width);
  const random = randomness(1 + frame);
  const seen = new Uint8Array(points.length);
  for (let i = 0; i < seen.length; i++) {
    const value = points[i] * light + grain * (random() + random() - 1);
    seen[i] = value < 0 ? 0 : value > 255 ? 255 : value;
  }
  return seen;
}

/** Print reflects 20, paper 235; `scale`: points of the picture to a module. */
function raster({ columns, rows, dark, wide }) {
  const shades = new Uint8Array(columns * rows);
  for (let i = 0; i < shades.length; i++) shades[i] = dark(i % columns, Math.floor(i / columns)) ? 20 : 235;
  return { columns, rows, shades, scale: (wide * width) / columns };
}

/** Means over 2 × radius + 1 points along lines whose points lie `step` apart. */
function blurred(points, radius, step, length, lines) {
  const out = new Float32Array(points.length);
  const across = step === 1 ? length : 1;
  for (let line = 0; line < lines; line++) {
    const start = line * across;
    const value = (k) => points[start + Math.max(0, Math.min(length - 1, k)) * step];
    let sum = 0;
    for (let k = -radius; k <= radius; k++) sum += value(k);
    for (let k = 0; k < length; k++) {
      out[start + k * step] = sum / (2 * radius + 1);
      sum += value(k + radius + 1) - value(k - radius);
    }
  }
  return out;
}

/** mulberry32: numbers in [0, 1), the same for the same seed. */
function randomness(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** One second as YUV4MPEG2, which Chromium reads; without colour. */
export function video(code, look) {
  const colour = Buffer.alloc((width * height) / 2, 128);
  return Buffer.concat([
    Buffer.from(`YUV4MPEG2 W${width} H${height} F${frameCount}:1 Ip A1:1 C420\n`),
    ...Array.from({ length: frameCount }, (_, frame) => [Buffer.from('FRAME\n'), picture(code, look, frame), colour]).flat(),
  ]);
}

const made = new Map();
function videoOf(code, look) {
  const name = JSON.stringify([code, look]);
  let bytes = made.get(name);
  if (!bytes) {
    bytes = video(code, look);
    if (made.size >= 8) made.clear();
    made.set(name, bytes);
  }
  return bytes;
}

export class Camera {
  #folder = mkdtempSync(join(tmpdir(), 'kubari-camera-'));
  #file = join(this.#folder, 'camera.y4m');

  constructor() {
    this.hide();
  }

  /** For launch(): the camera is there and may be used. */
  get flags() {
    return ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${this.#file}`];
  }

  show(code, look = looks.plain) {
    const file = openSync(this.#file, 'r+');
    writeSync(file, videoOf(code, look), 0, undefined, 0);
    closeSync(file);
  }

  hide() {
    const file = openSync(this.#file, 'a+');
    closeSync(file);
    this.show(undefined);
  }

  remove() {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
