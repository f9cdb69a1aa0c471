// Which of the built files a phone takes along at once: what stands on the first screen, the scan room and what the phone keeps, with all that
// they import. The rooms of others, charts, spreadsheets and the barcode reader are kept when they are first used.
import type { Plugin } from 'vite';

import { takeWithImports } from './imports';

// The entry, and the pages and words of these folders (paths of modules).
const TAKEN = /\/src\/(scan|offline|pages|i18n)\//;
// Big, and not for everybody: kept after the first use.
const HEAVY = /zxing|echarts|read-excel/;

export function shell(): Plugin & { files: Set<string> } {
  const files = new Set<string>();
  return {
    name: 'kubari-shell',
    files,
    generateBundle(_, bundle) {
      for (const [name, chunk] of Object.entries(bundle)) {
        if (chunk.type !== 'chunk' || HEAVY.test(name)) continue;
        // Wherever the bundler has put them.
        if (chunk.isEntry || chunk.moduleIds.some((id) => TAKEN.test(id) && !HEAVY.test(id))) takeWithImports(bundle, name, files);
      }
    },
  };
}
