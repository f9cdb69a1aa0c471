// Reads pictures beside the page, so that nothing the hand does waits for it.
import { read } from './zxing';

self.onmessage = async ({ data }: MessageEvent<{ id: number; image: ImageData }>) => {
  try {
    self.postMessage({ id: data.id, codes: await read(data.image) });
  } catch (error) {
    self.postMessage({ id: data.id, error: String(error) });
  }
};
