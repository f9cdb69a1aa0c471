// Who is signed in. The token itself lies in a cookie that scripts cannot read.
import { Code, ConnectError } from '@connectrpc/connect';

import type { Session } from '../gen/kubari/identity/v1/identity_pb';
import { Role } from '../gen/kubari/type/v1/access_pb';
import { language } from '../i18n/language.svelte';
import { api } from './clients';
import { toProblem, type Problem } from './problem';

class CurrentSession {
  /** undefined: not asked yet; null: nobody is signed in. */
  value = $state.raw<Session | null | undefined>(undefined);
  /** Why it could not be asked. */
  problem = $state.raw<Problem>();

  roles: Role[] = $derived([...new Set(this.value?.grants.map((grant) => grant.role))].sort((a, b) => a - b));
  timeZone: string = $derived(this.value?.network?.timeZone || 'Asia/Tokyo');
  isPerson: boolean = $derived(this.value?.subject.startsWith('people/') ?? false);

  async ask(): Promise<void> {
    this.problem = undefined;
    try {
      this.begin(await api.identity.getSession({}));
    } catch (error) {
      if (ConnectError.from(error).code === Code.Unauthenticated) this.end();
      else this.problem = toProblem(error);
    }
  }

  begin(session: Session | undefined): void {
    this.value = session ?? null;
    this.problem = undefined;
    if (session) language.suggest(session.locale);
  }

  end(): void {
    this.value = null;
  }

  async signOut(): Promise<void> {
    await api.identity.signOut({});
    this.end();
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

export const session = new CurrentSession();
