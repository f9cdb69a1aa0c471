import { expect, test } from 'vitest';

import { OrganisationKind } from '../gen/kubari/identity/v1/identity_pb';
import { Role } from '../gen/kubari/type/v1/access_pb';
import { sessionAs, useNetwork } from '../testing/network';
import { findFor, kindsFor, roles } from './organisations';

test('every role that can be given has a kind of organisation, and a program’s own role cannot be given', () => {
  for (const role of roles) expect(kindsFor(role).length).toBeGreaterThan(0);
  expect(roles).not.toContain(Role.SERVICE);
  expect(kindsFor(Role.DONOR)).toEqual([OrganisationKind.DONOR]);
  expect(kindsFor(Role.ADMINISTRATOR)).toEqual([OrganisationKind.INTERMEDIARY]);
});

test('organisations are asked for kind by kind', async () => {
  const asked: { kind: OrganisationKind; query: string }[] = [];
  useNetwork(sessionAs(Role.ADMINISTRATOR), {
    identity: {
      listOrganisations: ({ kind, query }) => {
        asked.push({ kind, query });
        return { organisations: [{ name: `organisations/${kind}`, kind, displayName: `組織${kind}` }] };
      },
    },
  });
  const found = await findFor(Role.AUDITOR, '監');
  expect(asked).toEqual([{ kind: OrganisationKind.AUDITOR, query: '監' }, { kind: OrganisationKind.INTERMEDIARY, query: '監' }]);
  expect(found.map((one) => one.more)).toEqual(['監査・行政', '中間支援組織']);
});
