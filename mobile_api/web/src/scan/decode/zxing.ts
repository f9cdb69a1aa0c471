// zxing-cpp as WebAssembly. Its file comes with the app, never from another host.
import { prepareZXingModule, readBarcodes, type ReaderOptions, type ReadResult } from 'zxing-wasm/reader';
import file from 'zxing-wasm/reader/zxing_reader.wasm?url';

prepareZXingModule({ overrides: { locateFile: (path: string, prefix: string) => (path.endsWith('.wasm') ? new URL(file, self.location.href).href : prefix + path) } });

const options: ReaderOptions = {
  // ITF-14 alone and not every ITF: what is read off the edge of one is a shorter number.
  formats: ['EAN13', 'EAN8', 'UPCA', 'UPCE', 'ITF14', 'Code128', 'DataMatrix', 'QRCode', 'DataBar'],
  // As the bars say it, with FNC1 as ASCII 29.
  textMode: 'Plain',
  tryInvert: false,
  maxNumberOfSymbols: 4,
};

export async function read(image: ImageData): Promise<string[]> {
  const distance = ({ position: { topLeft, bottomRight } }: ReadResult) =>
    Math.hypot((topLeft.x + bottomRight.x) / 2 - image.width / 2, (topLeft.y + bottomRight.y) / 2 - image.height / 2);
  const found = await readBarcodes(image, options);
  return found
    .filter((one) => one.isValid)
    .sort((a, b) => distance(a) - distance(b))
    .map((one) => one.symbologyIdentifier + one.text);
}
