// What tests that walk on screens have in common.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { screenshot, server, settled } from './connection.mjs';

export const skip = server ? false : 'KUBARI_SERVER is not set: no running installation to work with';
export const button = (within, name) => within.getByRole('button', { name, exact: true });
export const dialog = (page) => page.getByRole('dialog');
export const gone = (page) => dialog(page).waitFor({ state: 'detached' });
/** "groups/…" → the organisation that it is. */
export const organisation = (name) => name.replace(/^\w+\//, 'organisations/');

/**
 * Tests of which a failure is seen in pictures of the `windows` ({ who: window }, asked for when a test ends), and whose windows have nothing to
 * complain of but what is `meant`: what the browser says of calls that are refused on purpose.
 */
export const walks = (called, windows, meant = /^$/) => (name, steps, more = {}) =>
  test(name, { skip: skip || more.skip || false }, async () => {
    try {
      await steps();
    } catch (error) {
      for (const [who, { page }] of Object.entries(windows())) await screenshot(page, `${called}-failed-${who}`);
      throw error;
    }
    for (const { complaints } of Object.values(windows())) assert.deepEqual(complaints.splice(0).filter((one) => !meant.test(one)), []);
  });

/** Opens an address; the page knows nothing of before. */
export async function go(page, address) {
  await page.goto(`${server}/#${address}`);
  await page.reload();
  await settled(page);
}

/** What `look` finds on the page in English and in another size; then it is as it was. */
export async function inEnglish(page, size, look) {
  const own = page.viewportSize();
  // Also where a dialog keeps everything else from being pressed.
  const language = async (to) => {
    await page.evaluate((to) => document.documentElement.lang === to || document.querySelector('button.language').click(), to);
    await page.waitForFunction((to) => document.documentElement.lang === to, to);
  };
  await language('en');
  await page.setViewportSize(size);
  const found = await look();
  await page.setViewportSize(own);
  await language('ja');
  return found;
}
