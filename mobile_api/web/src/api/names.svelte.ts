// Display names of organisations and people: those that are asked for, and none twice.
import { Role } from '../gen/kubari/type/v1/access_pb';
import { api } from './clients';
import { session } from './session.svelte';

const read = (name: string): Promise<{ displayName: string }> =>
  name.startsWith('people/') ? api.identity.getPerson({ name }) : api.identity.getOrganisation({ name });

export class Names {
  names = $state.raw<Record<string, string>>({});
  #asked = new Set<string>();

  /** Looks up organisations/{uuid} and people/{uuid}; what cannot be read keeps its short id. */
  async want(wanted: string[]): Promise<void> {
    // Only administrators may look up people.
    const may = (name: string) => !name.startsWith('people/') || session.has(Role.ADMINISTRATOR);
    const missing = [...new Set(wanted)].filter((name) => name && may(name) && !this.#asked.has(name));
    missing.forEach((name) => this.#asked.add(name));
    const found = await Promise.all(missing.map((name) => read(name).then((one) => [name, one.displayName], () => undefined)));
    this.names = { ...this.names, ...Object.fromEntries(found.filter((pair) => pair !== undefined)) };
  }

  of(name: string): string {
    return this.names[name] ?? name.split('/')[1]?.slice(0, 8) ?? '';
  }
}
