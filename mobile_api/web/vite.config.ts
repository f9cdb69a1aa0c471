import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { VitePWA } from 'vite-plugin-pwa';
import { defineConfig } from 'vitest/config';

import { budget } from './build/budget';
import { english } from './build/english';
import { shell } from './build/shell';

const taken = shell();

export default defineConfig({
  plugins: [
    svelte(),
    svelteTesting(),
    english(),
    taken,
    budget(),
    VitePWA({
      // src/offline/update.svelte.ts registers it; public/ has the manifest.
      injectRegister: null,
      manifest: false,
      // A new version waits until the person says so.
      registerType: 'prompt',
      workbox: {
        globPatterns: ['index.html', 'icon.svg', 'manifest.webmanifest', 'assets/*.{js,css}'],
        manifestTransforms: [
          (entries) => ({ manifest: entries.filter(({ url }) => !url.startsWith('assets/') || taken.files.has(url)), warnings: [] }),
        ],
        // Their names change with what is in them.
        dontCacheBustURLsMatching: /^assets\//,
        // Every address is the app's, also that of a lot's own label; calls are not addresses, and are never kept.
        navigateFallback: '/index.html',
        navigateFallbackDenylist: [/^\/kubari\./, /\/[^/]+\.[^/]+$/],
        runtimeCaching: [
          {
            urlPattern: ({ url, sameOrigin }) => sameOrigin && url.pathname.startsWith('/assets/'),
            handler: 'CacheFirst',
            options: { cacheName: 'kubari-assets', expiration: { maxEntries: 120, maxAgeSeconds: 90 * 24 * 60 * 60, purgeOnQuotaError: true }, cacheableResponse: { statuses: [200] } },
          },
        ],
        cleanupOutdatedCaches: true,
        clientsClaim: true,
        skipWaiting: false,
        inlineWorkboxRuntime: true,
        sourcemap: false,
      },
    }),
  ],
  // The app stands at the root of its address: labels of lots (GS1 Digital Link) open it below /01/.
  base: '/',
  build: {
    target: 'es2022',
    // The gateway's Content-Security-Policy is default-src 'self': no inline scripts, no data: URLs.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: {
    // `npm run dev` against a running installation.
    proxy: { '^/kubari\\.': 'http://127.0.0.1:7100' },
  },
  test: { environment: 'jsdom', include: ['src/**/*.test.ts'], setupFiles: ['src/testing/setup.ts'], testTimeout: 30_000 },
});
