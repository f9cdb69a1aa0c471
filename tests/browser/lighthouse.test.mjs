// Lighthouse on the scan page, as a mid-range phone sees it. Accessibility and best practices are held; performance depends on the machine
// that runs this and is told.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { launch, server } from './connection.mjs';
import { join, World } from './world.mjs';

const require = createRequire(new URL('../../mobile_api/web/package.json', import.meta.url));
const skip = server ? false : 'KUBARI_SERVER is not set: no running installation to look at';
const port = 20_000 + Math.floor(Math.random() * 10_000);

let browser;
before(async () => {
  if (!skip) browser = await launch([`--remote-debugging-port=${port}`, '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream']);
});
after(() => browser?.close());

test('Lighthouse on the scan page', { skip }, async (t) => {
  const { default: lighthouse } = await import(pathToFileURL(require.resolve('lighthouse')).href);
  const world = await World.make('とうだい');
  // The browser's own window, which Lighthouse uses too: its session is there.
  const context = browser.contexts()[0] ?? (await browser.newContext());
  const page = await context.newPage();
  await join(page, await world.invite('ROLE_VOLUNTEER'));
  const cookies = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  await page.close();
  const { lhr } = await lighthouse(`${server}/#/in`, {
    port,
    logLevel: 'error',
    onlyCategories: ['performance', 'accessibility', 'best-practices'],
    extraHeaders: { Cookie: cookies },
  });
  const scores = Object.fromEntries(Object.entries(lhr.categories).map(([name, { score }]) => [name, Math.round(score * 100)]));
  t.diagnostic(JSON.stringify(scores));
  const failed = Object.values(lhr.audits).filter(({ score }) => score !== null && score < 1).map(({ id, displayValue }) => `${id} ${displayValue ?? ''}`);
  t.diagnostic(`below their best: ${failed.join(', ')}`);
  assert.ok(!lhr.runtimeError, lhr.runtimeError?.message);
  assert.ok(scores.accessibility >= 95, `accessibility ${scores.accessibility}`);
  assert.ok(scores['best-practices'] >= 95, `best practices ${scores['best-practices']}`);
});
