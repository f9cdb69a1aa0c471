// How calls reach the gateway that served this page.
import { getOption } from '@bufbuild/protobuf';
import { Code, ConnectError, type Interceptor, type Transport } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';

import { access } from '../gen/kubari/type/v1/access_pb';
import { language } from '../i18n/language.svelte';
import { link } from '../offline/link.svelte';
import { toProblem } from './problem';
import { session } from './session.svelte';

/** Asks for the session as an HttpOnly cookie, and notices when the session has ended and when nobody can be reached. */
export const edge: Interceptor = (next) => async (request) => {
  const isPublic = getOption(request.method, access).public;
  // Public methods are those that answer a session: SignIn and RedeemInvite.
  if (isPublic) request.header.set('kubari-session', 'cookie');
  request.header.set('accept-language', language.current);
  const asked = Date.now();
  try {
    const response = await next(request);
    link.answered(response.header.get('date'), asked);
    return response;
  } catch (raw) {
    const error = ConnectError.from(raw);
    if (toProblem(error).kind === 'away') link.failed();
    else link.answered(error.metadata.get('date'), asked);
    if (!isPublic && error.code === Code.Unauthenticated) session.end();
    throw raw;
  }
};

export function browserTransport(): Transport {
  return createConnectTransport({
    baseUrl: location.origin,
    useBinaryFormat: true,
    defaultTimeoutMs: 30_000,
    interceptors: [edge],
  });
}
