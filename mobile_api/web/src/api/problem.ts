// What went wrong with a call, in the words of the service and in both languages.
import { Code, ConnectError } from '@connectrpc/connect';

import { BadRequestSchema, ErrorInfoSchema, LocalizedMessageSchema, RetryInfoSchema } from '../gen/google/rpc/error_details_pb';
import type { Status } from '../gen/google/rpc/status_pb';
import type { Language } from '../i18n/language.svelte';

export interface Violation {
  /** Path of the field in the request, in snake_case: `lines[2].items`. */
  field: string;
  message: Record<Language, string>;
}

export interface Problem {
  /** away: the server was not reached, the same call may be sent again; refused: it said no. */
  kind: 'away' | 'refused';
  /** gRPC's name of the code, e.g. "failed_precondition". */
  code: string;
  /** Stable name in UPPER_SNAKE_CASE; empty when the answer has none. */
  reason: string;
  /** Empty when the service gave no sentence for people. */
  message: Record<Language, string>;
  metadata: Record<string, string>;
  violations: Violation[];
  /** After so many seconds the same call may be sent again. */
  retrySeconds: number;
}

const unreachable = new Set([Code.Unavailable, Code.DeadlineExceeded]);

export function toProblem(raw: unknown): Problem {
  const error = ConnectError.from(raw);
  const info = error.findDetails(ErrorInfoSchema)[0];
  const retry = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  // fetch reports every failure to connect as a TypeError.
  const fetchFailed = (error.cause as Error | undefined)?.name === 'TypeError';
  return {
    kind: fetchFailed || unreachable.has(error.code) ? 'away' : 'refused',
    code: snakeCase(Code[error.code]),
    reason: info?.reason ?? '',
    message: inBoth(error.findDetails(LocalizedMessageSchema)),
    metadata: info?.metadata ?? {},
    violations: error.findDetails(BadRequestSchema).flatMap((bad) =>
      bad.fieldViolations.map((violation) => ({
        field: violation.field,
        message: {
          ja: violation.localizedMessage?.locale === 'ja' ? violation.localizedMessage.message : violation.description,
          en: violation.description,
        },
      })),
    ),
    retrySeconds: retry ? Number(retry.seconds) : 0,
  };
}

/** The same of one entry in an answer to many. */
export function statusProblem(status: Status): Problem {
  const error = new ConnectError(status.message, status.code);
  error.details = status.details.map((detail) => ({ type: detail.typeUrl.slice(detail.typeUrl.lastIndexOf('/') + 1), value: detail.value }));
  return toProblem(error);
}

/** The violations of one field, e.g. of "password"; with `parts` also of its elements, "days[2]". */
export function violationsOf(problem: Problem | undefined, field: string, parts = false): Violation[] {
  return problem?.violations.filter((violation) => violation.field === field || (parts && violation.field.startsWith(`${field}[`))) ?? [];
}

/** A violation as a sentence: most continue the name of what they are about ("is 5; …", 「が 5 です。…」). */
export function told(violation: Violation, language: Language, of: string): string {
  const text = violation.message[language];
  const ja = language === 'ja';
  const whole = ja ? (/^[がはにをの]/.test(text) ? of + text : text) : /^[a-z]/.test(text) ? `“${of}” ${text}` : text;
  return /[.。]$/.test(whole) ? whole : whole + (ja ? '。' : '.');
}

function inBoth(messages: { locale: string; message: string }[]): Record<Language, string> {
  const find = (locale: string) => messages.find((message) => message.locale.startsWith(locale))?.message;
  const ja = find('ja');
  const en = find('en');
  return { ja: ja ?? en ?? '', en: en ?? ja ?? '' };
}

function snakeCase(name: string): string {
  return name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}
