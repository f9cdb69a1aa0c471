// Pictures for the decoder: the middle of what the camera sees, and photos.
import { readCode } from '../code';
import type { Decoder } from './decoder';

/** Of what is seen of the camera's picture, this part is looked at: the frame that is drawn over it. */
export const CROP = { width: 0.9, height: 0.7 };

export class Frames {
  #canvas = document.createElement('canvas');
  #context?: CanvasRenderingContext2D | null;

  /** The part within the frame, in the camera's own pixels; nothing while there is no picture. */
  take(video: HTMLVideoElement): ImageData | undefined {
    const { videoWidth, videoHeight, clientWidth, clientHeight } = video;
    // The picture fills its box, so its edges are out of sight ("object-fit: cover").
    const scale = Math.max(clientWidth / videoWidth, clientHeight / videoHeight);
    const width = Math.round(Math.min(videoWidth, clientWidth / scale) * CROP.width);
    const height = Math.round(Math.min(videoHeight, clientHeight / scale) * CROP.height);
    if (!(width > 0 && height > 0)) return undefined;
    this.#context ??= this.#canvas.getContext('2d', { willReadFrequently: true });
    if (!this.#context) return undefined;
    if (this.#canvas.width !== width || this.#canvas.height !== height) Object.assign(this.#canvas, { width, height });
    this.#context.drawImage(video, (videoWidth - width) / 2, (videoHeight - height) / 2, width, height, 0, 0, width, height);
    return this.#context.getImageData(0, 0, width, height);
  }
}

/** The code on a photo: looked for in three sizes, as two must agree. */
export async function readPhoto(file: Blob, decoder: Decoder): Promise<string | undefined> {
  const bitmap = await createImageBitmap(file);
  try {
    const seen = new Map<string, number>();
    for (const most of [1_600, 1_200, 2_400]) {
      const scale = Math.min(1, most / Math.max(bitmap.width, bitmap.height));
      const canvas = document.createElement('canvas');
      canvas.width = Math.max(1, Math.round(bitmap.width * scale));
      canvas.height = Math.max(1, Math.round(bitmap.height * scale));
      const context = canvas.getContext('2d');
      if (!context) return undefined;
      context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      const found = await decoder.read(context.getImageData(0, 0, canvas.width, canvas.height));
      const good = found.find((text) => readCode(text).code);
      if (!good) continue;
      const times = (seen.get(good) ?? 0) + 1;
      if (times === 2) return good;
      seen.set(good, times);
    }
    return undefined;
  } finally {
    bitmap.close();
  }
}
