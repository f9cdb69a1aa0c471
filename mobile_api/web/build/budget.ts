// What a volunteer's phone must load before the first scan may begin: the entry, home, the page for goods coming in, and what they import,
// compressed by Brotli, as the gateway sends it over https. The build fails when that grows beyond 150 kB; the barcode reader,
// charts, spreadsheets and the other rooms come when they are needed.
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

import { takeWithImports } from './imports';

const MOST_BYTES = 150_000;
const PAGES = ['/src/pages/Home.svelte', '/src/scan/Home.svelte', '/src/scan/In.svelte'];

export function budget(): Plugin {
  return {
    name: 'kubari-budget',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const files = new Set<string>();
        const missing = new Set(PAGES);
        for (const [name, file] of Object.entries(bundle)) {
          if (file.type !== 'chunk') continue;
          const pages = PAGES.filter((one) => file.moduleIds.some((id) => id.endsWith(one)));
          for (const page of pages) missing.delete(page);
          if (pages.length > 0 || file.isEntry) takeWithImports(bundle, name, files);
        }
        // A page that was moved must not slip out of the sum.
        if (missing.size > 0) this.error(`The first load is measured with ${[...missing].join(', ')}, which is not there any more: see build/budget.ts`);
        const sum = (compress: (bytes: Uint8Array) => Uint8Array) =>
          [...files].reduce((bytes, name) => {
            const file = bundle[name];
            return bytes + compress(Buffer.from(file.type === 'chunk' ? file.code : file.source)).length;
          }, 0);
        const brotli = sum((bytes) => brotliCompressSync(bytes));
        const gzip = sum((bytes) => gzipSync(bytes, { level: 9 }));
        const said = `first load: ${(brotli / 1000).toFixed(1)} kB by Brotli, ${(gzip / 1000).toFixed(1)} kB by gzip, in ${files.size} files`;
        if (brotli > MOST_BYTES) this.error(`${said}; at most ${MOST_BYTES / 1000} kB: see build/budget.ts`);
        console.log(said);
      },
    },
  };
}
