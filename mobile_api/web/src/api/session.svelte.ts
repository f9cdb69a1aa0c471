// Who is signed in. The token itself lies in a cookie that scripts cannot read; names and roles are kept on this device, so that the app can
// start without signal as whoever used it last.
import { fromJsonString, toJsonString } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';

import { SessionSchema, type Session } from '../gen/kubari/identity/v1/identity_pb';
import { Role } from '../gen/kubari/type/v1/access_pb';
import { language } from '../i18n/language.svelte';
import { api } from './clients';
import { toProblem, type Problem } from './problem';

const KEY = 'kubari.session';

class CurrentSession {
  /** undefined: not asked yet; null: nobody is signed in. */
  value = $state.raw<Session | null | undefined>(undefined);
  /** Why it could not be asked. */
  problem = $state.raw<Problem>();
  /** The service ended it: its time ran out, or a manager shut this device out. */
  ended = $state(false);

  roles: Role[] = $derived([...new Set(this.value?.grants.map((grant) => grant.role))].sort((a, b) => a - b));
  timeZone: string = $derived(this.value?.network?.timeZone || 'Asia/Tokyo');
  isPerson: boolean = $derived(this.value?.subject.startsWith('people/') ?? false);

  /** Starts at once as whoever was here last; if the service knows better, it says so a moment later. */
  async ask(): Promise<void> {
    this.problem = undefined;
    if (this.value === undefined) {
      const last = kept();
      if (last) this.#show(last);
    }
    try {
      this.begin(await api.identity.getSession({}));
    } catch (error) {
      if (ConnectError.from(error).code === Code.Unauthenticated) this.end();
      // Without an answer the work goes on with what is known.
      else if (!this.value) this.problem = toProblem(error);
    }
  }

  begin(session: Session | undefined): void {
    this.problem = undefined;
    keep(session);
    if (session) this.#show(session);
    else this.value = null;
  }

  #show(session: Session): void {
    // The same person as before: nothing on the screen begins anew.
    const same = this.value && toJsonString(SessionSchema, this.value) === toJsonString(SessionSchema, session);
    if (!same) this.value = session;
    this.ended = false;
    language.suggest(session.locale);
  }

  end(): void {
    if (this.value) this.ended = true;
    keep(undefined);
    this.value = null;
  }

  async signOut(): Promise<void> {
    await api.identity.signOut({});
    this.end();
    this.ended = false;
  }

  has(...roles: Role[]): boolean {
    return roles.some((role) => this.roles.includes(role));
  }

  /** UUIDs of the organisations in which the role is held; the donor's or group's own id as well. */
  organisations(...roles: Role[]): string[] {
    const held = this.value?.grants.filter((grant) => roles.includes(grant.role)) ?? [];
    return [...new Set(held.map((grant) => grant.organisation.split('/')[1]))];
  }
}

/** Names, roles and a time; nothing with which anyone could sign in. */
function keep(session: Session | undefined): void {
  try {
    if (session) localStorage.setItem(KEY, toJsonString(SessionSchema, session));
    else localStorage.removeItem(KEY);
  } catch {
    // Private windows may refuse; then the app does not start without signal.
  }
}

function kept(): Session | undefined {
  try {
    const text = localStorage.getItem(KEY);
    return text ? fromJsonString(SessionSchema, text, { ignoreUnknownFields: true }) : undefined;
  } catch {
    return undefined;
  }
}

export const session = new CurrentSession();
