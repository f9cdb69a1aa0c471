import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { expect, test } from 'vitest';

import { BadRequestSchema, ErrorInfoSchema, LocalizedMessageSchema, RetryInfoSchema } from '../gen/google/rpc/error_details_pb';
import { Sending } from './load.svelte';
import { toProblem, violationsOf } from './problem';

test('the details of a refusal: both languages, reason, facts, fields', () => {
  const problem = toProblem(
    new ConnectError('English for developers', Code.InvalidArgument, undefined, [
      { desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { reason: 'INVALID', metadata: { lot: 'K7M2PQ4' } }) },
      { desc: LocalizedMessageSchema, value: create(LocalizedMessageSchema, { locale: 'ja', message: '入力を直してください。' }) },
      { desc: LocalizedMessageSchema, value: create(LocalizedMessageSchema, { locale: 'en', message: 'Please correct.' }) },
      { desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay: { seconds: 30n } }) },
      {
        desc: BadRequestSchema,
        value: create(BadRequestSchema, {
          fieldViolations: [{ field: 'items', description: 'Too many.', localizedMessage: { locale: 'ja', message: '多すぎます。' } }],
        }),
      },
    ]),
  );
  expect(problem).toMatchObject({
    kind: 'refused',
    code: 'invalid_argument',
    reason: 'INVALID',
    message: { ja: '入力を直してください。', en: 'Please correct.' },
    metadata: { lot: 'K7M2PQ4' },
    retrySeconds: 30,
  });
  expect(violationsOf(problem, 'items')).toEqual([{ field: 'items', message: { ja: '多すぎます。', en: 'Too many.' } }]);
  expect(violationsOf(problem, 'reason')).toEqual([]);
});

test('one language stands in for the other; without details there is no sentence', () => {
  const details = [{ desc: LocalizedMessageSchema, value: create(LocalizedMessageSchema, { locale: 'en', message: 'No.' }) }];
  expect(toProblem(new ConnectError('x', Code.NotFound, undefined, details)).message).toEqual({ ja: 'No.', en: 'No.' });
  expect(toProblem(new ConnectError('x', Code.Internal)).message).toEqual({ ja: '', en: '' });
});

test('a network that is away is not a refusal', () => {
  expect(toProblem(new TypeError('Failed to fetch')).kind).toBe('away');
  expect(toProblem(new ConnectError('x', Code.Unavailable)).kind).toBe('away');
  expect(toProblem(new ConnectError('x', Code.DeadlineExceeded)).kind).toBe('away');
  expect(toProblem(new ConnectError('x', Code.FailedPrecondition)).kind).toBe('refused');
});

test('what is sent again after a failure carries the same request id, a UUID', async () => {
  const sending = new Sending();
  const ids: string[] = [];
  const first = await sending.send((requestId) => {
    ids.push(requestId);
    return Promise.reject(new TypeError('Failed to fetch'));
  });
  expect(first).toBeUndefined();
  expect(sending.problem?.kind).toBe('away');
  expect(await sending.send((requestId) => Promise.resolve(ids.push(requestId)))).toBe(2);
  expect(ids[0]).toBe(ids[1]);
  expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Sending().requestId).not.toBe(ids[0]);
});
