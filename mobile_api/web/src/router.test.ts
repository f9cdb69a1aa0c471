import { expect, test } from 'vitest';

import { match, router } from './router.svelte';

test('patterns', () => {
  expect(match('/lots/:lot', '/lots/K7M2PQ4')).toEqual({ lot: 'K7M2PQ4' });
  expect(match('/join/:code', '/join/ABC%20DE')).toEqual({ code: 'ABC DE' });
  expect(match('/join/:code', '/join/%')).toEqual({ code: '%' });
  expect(match('/lots/:lot', '/lots')).toBeUndefined();
  expect(match('/lots/:lot', '/lots/a/b')).toBeUndefined();
});

test('the path is what stands behind #', () => {
  router.go('/lots');
  expect(router.path).toBe('/lots');
  router.go('');
  expect(router.path).toBe('/');
});

test('what a list shows stands behind "?", and leaves with the page', () => {
  router.go('/stock?free=yes&q=a%20b');
  expect(router.path).toBe('/stock');
  expect(router.query.get('q')).toBe('a b');
  router.ask({ free: undefined, sort: 'product desc' });
  expect(location.hash).toBe('#/stock?q=a+b&sort=product+desc');
  expect(router.path).toBe('/stock');
  router.ask({ q: undefined, sort: undefined });
  expect(location.hash).toBe('#/stock');
  router.go('/lots');
  expect([...router.query]).toEqual([]);
});
