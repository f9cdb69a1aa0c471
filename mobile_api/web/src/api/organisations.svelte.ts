// Display names of organisations: those that are asked for, and none twice.
import { api } from './clients';

export class OrganisationNames {
  names = $state.raw<Record<string, string>>({});
  #asked = new Set<string>();

  /** Looks up organisations/{uuid}; what cannot be read keeps its short id. */
  async want(organisations: string[]): Promise<void> {
    const missing = [...new Set(organisations)].filter((name) => name && !this.#asked.has(name));
    missing.forEach((name) => this.#asked.add(name));
    const found = await Promise.all(
      missing.map((name) => api.identity.getOrganisation({ name }).then((one) => [name, one.displayName], () => undefined)),
    );
    this.names = { ...this.names, ...Object.fromEntries(found.filter((pair) => pair !== undefined)) };
  }

  of(organisation: string): string {
    return this.names[organisation] ?? organisation.split('/')[1]?.slice(0, 8) ?? '';
  }
}
