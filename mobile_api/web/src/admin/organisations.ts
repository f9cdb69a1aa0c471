// Which role may be held in which kind of organisation, and how one is found.
import { api } from '../api/clients';
import type { Choice } from '../components/Combobox.svelte';
import { OrganisationKind } from '../gen/kubari/identity/v1/identity_pb';
import { Role } from '../gen/kubari/type/v1/access_pb';
import { t } from './words';

export const roles = [Role.VOLUNTEER, Role.WAREHOUSE_MANAGER, Role.COORDINATOR, Role.DONOR, Role.GROUP, Role.AUDITOR, Role.ADMINISTRATOR, Role.PARTNER];

/** As the contract says at Grant. */
export const kindsFor = (role: Role): OrganisationKind[] => {
  switch (role) {
    case Role.DONOR:
      return [OrganisationKind.DONOR];
    case Role.GROUP:
      return [OrganisationKind.GROUP];
    case Role.PARTNER:
      return [OrganisationKind.PARTNER];
    case Role.AUDITOR:
      return [OrganisationKind.AUDITOR, OrganisationKind.INTERMEDIARY];
    case Role.COORDINATOR:
    case Role.ADMINISTRATOR:
      return [OrganisationKind.INTERMEDIARY];
    default:
      return [OrganisationKind.OPERATOR, OrganisationKind.INTERMEDIARY];
  }
};

export const kindText = (kind: OrganisationKind) => t(`kind.${OrganisationKind[kind] as keyof typeof OrganisationKind}`);

/** Organisations in which this role may be held. */
export async function findFor(role: Role, query: string): Promise<Choice[]> {
  const answers = await Promise.all(kindsFor(role).map((kind) => api.identity.listOrganisations({ pageSize: 20, kind, query })));
  return answers.flatMap((answer) => answer.organisations.map((one) => ({ name: one.name, text: one.displayName, more: kindText(one.kind) })));
}
