// From a picture to the codes in it. Two ways, behind one interface: the platform's own detector where it can read everything that is met in
// a warehouse, else zxing (WebAssembly), which is loaded when it is first needed and runs beside the page.

export interface Decoder {
  name: 'platform' | 'zxing';
  /** The codes in the picture, nearest to its middle first, each with its symbology identifier if that is known ("]C1…"). */
  read(image: ImageData): Promise<string[]>;
  close(): void;
}

interface Detected {
  rawValue: string;
  format: string;
  boundingBox: DOMRectReadOnly;
}
interface Detector {
  detect(image: ImageBitmapSource): Promise<Detected[]>;
}
interface DetectorClass {
  new (options: { formats: string[] }): Detector;
  getSupportedFormats(): Promise<string[]>;
}

const FORMATS = ['ean_13', 'ean_8', 'upc_a', 'upc_e', 'itf', 'code_128', 'data_matrix', 'qr_code'];
// What ISO/IEC 15424 calls them. Whether a Code 128, DataMatrix or QR code holds GS1 elements the platform does not say.
const SYMBOLS: Record<string, string> = { ean_13: ']E0', upc_a: ']E0', upc_e: ']E0', ean_8: ']E4', itf: ']I1' };

export async function openDecoder(): Promise<Decoder> {
  return (await platformDecoder()) ?? (await zxingDecoder());
}

export async function platformDecoder(): Promise<Decoder | undefined> {
  const Class = (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector;
  if (!Class) return undefined;
  try {
    const supported = await Class.getSupportedFormats();
    if (!FORMATS.every((format) => supported.includes(format))) return undefined;
    const detector = new Class({ formats: FORMATS });
    return {
      name: 'platform',
      async read(image) {
        const distance = ({ boundingBox: box }: Detected) => Math.hypot(box.x + box.width / 2 - image.width / 2, box.y + box.height / 2 - image.height / 2);
        const found = await detector.detect(image);
        return found.sort((a, b) => distance(a) - distance(b)).map((one) => (SYMBOLS[one.format] ?? '') + one.rawValue);
      },
      close: () => {},
    };
  } catch {
    return undefined; // Some systems have the class and not the service behind it.
  }
}

export async function zxingDecoder(): Promise<Decoder> {
  let worker: Worker;
  try {
    worker = new Worker(new URL('./zxing.worker.ts', import.meta.url), { type: 'module' });
  } catch {
    return onThisThread();
  }
  let number = 0;
  const waiting = new Map<number, { resolve: (codes: string[]) => void; reject: (error: Error) => void }>();
  const fail = (error: Error) => {
    for (const one of waiting.values()) one.reject(error);
    waiting.clear();
  };
  worker.onmessage = ({ data }: MessageEvent<{ id: number; codes?: string[]; error?: string }>) => {
    const one = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.codes) one?.resolve(data.codes);
    else one?.reject(new Error(data.error));
  };
  let fallback: Promise<Decoder> | undefined;
  worker.onerror = (event) => {
    event.preventDefault();
    // Old browsers have workers and no modules in them.
    fallback ??= onThisThread();
    fail(new Error(event.message || 'worker'));
  };
  return {
    name: 'zxing',
    async read(image) {
      if (fallback) return (await fallback).read(image);
      return new Promise((resolve, reject) => {
        const id = (number += 1);
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, image }, [image.data.buffer]);
      });
    },
    close() {
      fail(new Error('closed'));
      worker.terminate();
    },
  };
}

async function onThisThread(): Promise<Decoder> {
  const { read } = await import('./zxing');
  return { name: 'zxing', read, close: () => {} };
}
