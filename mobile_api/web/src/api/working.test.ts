import { Code, ConnectError } from '@connectrpc/connect';
import { expect, test } from 'vitest';

import { Working } from './working.svelte';

test('one piece at a time; what went wrong stands until the next', async () => {
  const working = new Working<'file' | 'sum'>();
  let end!: () => void;
  const first = working.run('file', () => new Promise<void>((done) => (end = done)));
  expect(working.busy).toBe('file');
  let second = false;
  await working.run('sum', async () => void (second = true));
  expect(second).toBe(false);
  end();
  await first;
  expect(working.busy).toBeUndefined();

  await working.run('sum', () => Promise.reject(new ConnectError('away', Code.Unavailable)));
  expect(working.problem?.kind).toBe('away');
  expect(working.busy).toBeUndefined();
  await working.run('sum', async () => {});
  expect(working.problem).toBeUndefined();
});
