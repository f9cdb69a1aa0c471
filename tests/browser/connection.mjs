// The browser, and calls to the installation under test.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const require = createRequire(new URL('../../mobile_api/web/package.json', import.meta.url));
const { chromium } = require('playwright-core');
export const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const server = process.env.KUBARI_SERVER?.replace(/\/$/, '');
const key = process.env.KUBARI_KEY_FILE ? readFileSync(process.env.KUBARI_KEY_FILE, 'utf8').trim() : '';
const screenshots = process.env.KUBARI_SCREENSHOTS ?? join(tmpdir(), 'kubari-screenshots');

/** Calls with an API key: asKey(key)('stock', 'ListLots', {}). */
export function asKey(token) {
  return async (service, method, request = {}) => {
    const answer = await fetch(`${server}${path(service, method)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'connect-protocol-version': '1', authorization: `Bearer ${token}` },
      body: JSON.stringify(request),
    });
    const body = await answer.json();
    if (!answer.ok) throw new Error(`${service}.${method}: ${body.code}, ${body.message}`);
    return body;
  };
}

/** Calls as the administrator's program, e.g. call('identity', 'ListPeople', {}). */
export const call = asKey(key);

/** The same call as whoever is signed in in the page, with its cookie. */
export async function callAs(page, service, method, request = {}) {
  const { status, text } = await page.evaluate(
    async ([url, body]) => {
      const headers = { 'content-type': 'application/json', 'connect-protocol-version': '1' };
      const answer = await fetch(url, { method: 'POST', headers, body });
      return { status: answer.status, text: await answer.text() };
    },
    [path(service, method), JSON.stringify(request)],
  );
  if (status !== 200) throw new Error(`${service}.${method}: ${status} ${text}`);
  return JSON.parse(text);
}

/** All pages of a list. */
export async function all(service, method, field, request = {}) {
  const found = [];
  let pageToken = '';
  do {
    const answer = await call(service, method, { ...request, pageSize: 200, pageToken });
    found.push(...(answer[field] ?? []));
    pageToken = answer.nextPageToken ?? '';
  } while (pageToken);
  return found;
}

/** "stock", or "stock.stocktakes" where a room has several services. */
function path(service, method) {
  const [room, name = room] = service.split('.');
  return `/kubari.${room}.v1.${name[0].toUpperCase()}${name.slice(1)}Service/${method}`;
}

const settings = (flags) => ({
  executablePath: process.env.KUBARI_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    ...flags,
  ],
});

/** `flags`: more of Chromium's, for instance a Camera's. */
export function launch(flags = []) {
  mkdirSync(screenshots, { recursive: true });
  return chromium.launch(settings(flags));
}

const window = ({ phone = false, locale = 'ja-JP', dark = false } = {}) => ({
  viewport: phone ? { width: 390, height: 844 } : { width: 1280, height: 900 },
  colorScheme: dark ? 'dark' : 'light',
  locale,
  timezoneId: 'America/New_York',
});

/** A fresh browser window, as wide as a phone or a desk's screen; `complaints` gathers what its console and its network say. */
export async function open(browser, options) {
  const context = await browser.newContext(window(options));
  return watched(context, await context.newPage());
}

/** A phone whose memory is in `folder`, so that it can be killed and opened again. */
export async function openKept(folder, flags = [], options = { phone: true }) {
  mkdirSync(screenshots, { recursive: true });
  const context = await chromium.launchPersistentContext(folder, { ...settings(flags), ...window(options) });
  return { ...watched(context, context.pages()[0] ?? (await context.newPage())), kill: () => kill(folder, context) };
}

/** SIGKILL for every process of the browser that holds the folder, as when a battery dies. */
async function kill(folder, context) {
  const closed = new Promise((done) => context.once('close', done));
  for (const process_ of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${process_}/cmdline`, 'utf8').split('\0').includes(`--user-data-dir=${folder}`)) process.kill(Number(process_), 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
  await closed;
}

function watched(context, page) {
  // A person gives up sooner; a machine that also compiles may need it.
  page.setDefaultTimeout(60_000);
  const complaints = [];
  page.on('console', (message) => {
    // The first question "who am I" of a browser without a session is answered with 401.
    const known = message.text().includes('401') && message.location().url.endsWith('/GetSession');
    if (['error', 'warning'].includes(message.type()) && !known) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => {
    const text = request.failure()?.errorText;
    // The page itself gave it up: it was left, or has no use for the answer any more.
    if (text !== 'net::ERR_ABORTED') complaints.push(`${request.url()} ${text}`);
  });
  return { context, page, complaints };
}

export async function screenshot(page, name) {
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
}

/** Waits until nothing is loading any more. */
export async function settled(page) {
  await page.locator('h1').waitFor();
  // The grey bars of Loading.svelte; other status messages stay.
  await page.waitForFunction(() => !document.querySelector('main [role=status] > .bar'), undefined, { timeout: 60_000 });
}

/** Problems of accessibility (WCAG 2.2 A and AA) on the page, one line each. */
export async function barriers(page) {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }),
  );
  return violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).slice(0, 3).join(' | ')}`);
}

/** A picture of the page as it stands; it keeps nobody out and is not wider than the screen. */
export async function judge(page, name) {
  await screenshot(page, name);
  assert.deepEqual(await barriers(page), [], name);
  await fits(page, name);
}

/** The page is not wider than the screen. */
export async function fits(page, name) {
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, `${name} is wider than the screen`);
}

/** Searches in a combobox and takes the first that it finds. */
export async function pick(within, label, text) {
  await within.getByRole('combobox', { name: label, exact: true }).fill(text);
  await within.getByRole('listbox').getByRole('option').filter({ hasText: text }).first().click();
}
