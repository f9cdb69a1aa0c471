import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { beforeAll, beforeEach, expect, test } from 'vitest';

import App from '../App.svelte';
import { ErrorInfoSchema, LocalizedMessageSchema } from '../gen/google/rpc/error_details_pb';
import { Role } from '../gen/kubari/type/v1/access_pb';
import { router } from '../router.svelte';
import { id, sessionAs, useNetwork, type Overrides } from '../testing/network';
import { admin } from './routes';

// Pages are loaded on demand; here beforehand, as a busy machine takes its time.
const shown = ['/people/:person', '/api-keys'];
beforeAll(async () => {
  for (const route of admin) if (shown.includes(route.path)) await route.page();
}, 240_000);
beforeEach(() => router.go('/'));

function open(path: string, identity: Overrides['identity']) {
  useNetwork(sessionAs(Role.ADMINISTRATOR), { identity });
  router.go(path);
  return render(App);
}
const dialog = async () => within(await screen.findByRole('dialog'));
const person = { name: `people/${id(70)}`, displayName: '管理 花子', email: 'hanako@network.example', locale: 'ja', grants: [{ organisation: `organisations/${id(2)}`, role: Role.ADMINISTRATOR }] };

test('a role is given in an organisation of a kind that fits', async () => {
  let sent: unknown;
  open(person.name.replace(/^/, '/'), {
    getPerson: () => person,
    listOrganisations: ({ kind }) => ({ organisations: [{ name: `organisations/${id(kind)}`, kind, displayName: `組織${kind}` }] }),
    grantRole: (request) => { sent = request; return person; },
  });
  await fireEvent.click(await screen.findByRole('button', { name: '役割を付ける' }));
  const inside = await dialog();
  await fireEvent.change(inside.getByLabelText('役割'), { target: { value: String(Role.DONOR) } });
  const box = inside.getByRole('combobox', { name: '組織' });
  await fireEvent.focus(box);
  await waitFor(() => expect(inside.getAllByRole('option', { hidden: true }).some((one) => one.textContent?.includes('組織3'))).toBe(true));
  await fireEvent.keyDown(box, { key: 'Enter' });
  await fireEvent.click(inside.getByRole('button', { name: '役割を付ける' }));
  await waitFor(() => expect(sent).toMatchObject({ person: person.name, grant: { role: Role.DONOR, organisation: `organisations/${id(3)}` } }));
});

test('the last administrator stays, and the page says why', async () => {
  open(`/${person.name}`, {
    getPerson: () => person,
    revokeRole: () => {
      throw new ConnectError('x', Code.FailedPrecondition, undefined, [
        { desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { reason: 'LAST_ADMINISTRATOR' }) },
        { desc: LocalizedMessageSchema, value: create(LocalizedMessageSchema, { locale: 'ja', message: '最後の管理者です。' }) },
      ]);
    },
  });
  await fireEvent.click(await screen.findByRole('button', { name: /^外す/ }));
  const inside = await dialog();
  await fireEvent.click(inside.getByRole('button', { name: '外す' }));
  const alert = await inside.findByRole('alert');
  expect(alert.textContent).toContain('最後の管理者です。');
  expect(alert.textContent).toContain('LAST_ADMINISTRATOR');
});

test('a key is shown once, and gone with its window', async () => {
  open('/api-keys', {
    listApiKeys: () => ({ apiKeys: [] }),
    listOrganisations: ({ kind }) => ({ organisations: [{ name: `organisations/${id(kind)}`, kind, displayName: '監査の会' }] }),
    createApiKey: (request) => ({ apiKey: { name: `apiKeys/${id(90)}`, displayName: request.displayName }, key: 'kbk_secret' }),
  });
  await fireEvent.click(await screen.findByRole('button', { name: 'APIキーを作る' }));
  const inside = await dialog();
  await fireEvent.input(inside.getByLabelText('名前'), { target: { value: '卸のシステム' } });
  const box = inside.getByRole('combobox', { name: '組織' });
  await fireEvent.focus(box);
  await waitFor(() => expect(inside.getAllByRole('option', { hidden: true }).some((one) => one.textContent?.includes('監査の会'))).toBe(true));
  await fireEvent.keyDown(box, { key: 'Enter' });
  await fireEvent.click(inside.getByRole('button', { name: 'APIキーを作る' }));
  expect(await inside.findByText('kbk_secret')).toBeTruthy();
  await fireEvent.click(inside.getByRole('button', { name: '閉じる' }));
  await waitFor(() => expect(screen.queryByText('kbk_secret')).toBeNull());
});
