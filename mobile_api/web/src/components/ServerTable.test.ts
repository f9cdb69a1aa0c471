import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { Code, ConnectError } from '@connectrpc/connect';
import { beforeEach, expect, test, vi } from 'vitest';

import { router } from '../router.svelte';
import ServerTable, { type ServerColumn } from './ServerTable.svelte';
import { TableView, type Ask } from './table.svelte';

beforeEach(() => router.go('/things'));

interface Thing {
  name: string;
  n: number;
}
const things: Thing[] = Array.from({ length: 60 }, (_, index) => ({ name: `品${index + 1}`, n: index + 1 }));
const columns: ServerColumn<Thing>[] = [
  { title: '品名', sort: 'name', text: (row) => row.name },
  { title: '数', numeric: true, sort: 'n', descendingFirst: true, choice: 'on', text: (row) => String(row.n) },
  { title: '番号', csv: (row) => row.n * 10 },
];

function open(over: { load?: (ask: Ask) => Promise<{ items: Thing[]; next: string }>; view?: TableView<'q'> } = {}) {
  const asked: (Ask & { q: string })[] = [];
  const view = over.view ?? new TableView({ filter: { q: '' }, sort: 'name' });
  const load =
    over.load ??
    ((ask: Ask) => {
      asked.push({ ...ask, q: view.filter.q });
      const from = Number(ask.pageToken || 0);
      const fitting = things.filter((one) => one.name.includes(view.filter.q));
      const items = fitting.slice(from, from + ask.pageSize);
      return Promise.resolve({ items, next: from + ask.pageSize < fitting.length ? String(from + ask.pageSize) : '' });
    });
  const shown = render(ServerTable<Thing, 'q'>, { view, columns, load, caption: '品物', empty: 'まだありません。', fileName: 'things' });
  return { view, asked, ...shown };
}
const cells = () => screen.getAllByRole('row').slice(1).map((row) => row.querySelector('td')!.textContent!.trim());

test('pages by token, forth and back', async () => {
  const { asked } = open();
  await screen.findByRole('cell', { name: '品1' });
  expect(screen.getByText('1～25件目')).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: '次へ' }));
  await waitFor(() => expect(cells()[0]).toBe('品26'));
  await fireEvent.click(screen.getByRole('button', { name: '次へ' }));
  await waitFor(() => expect(screen.getByText('51～60件目')).toBeTruthy());
  const end = screen.getByRole('button', { name: '次へ' });
  expect(end.getAttribute('aria-disabled')).toBe('true');
  await fireEvent.click(end);
  await fireEvent.click(screen.getByRole('button', { name: '前へ' }));
  await waitFor(() => expect(cells()[0]).toBe('品26'));
  expect(asked.map((ask) => ask.pageToken)).toEqual(['', '25', '50', '25']);
});

test('sorts on the server, says so, and keeps it in the address', async () => {
  const { asked } = open();
  await screen.findByRole('cell', { name: '品1' });
  expect(screen.getByRole('columnheader', { name: /品名/ }).getAttribute('aria-sort')).toBe('ascending');
  await fireEvent.click(screen.getByRole('button', { name: /^数/ }));
  await waitFor(() => expect(asked.at(-1)!.orderBy).toBe('n desc'));
  expect(location.hash).toBe('#/things?sort=n+desc');
  await waitFor(() => expect(screen.getByRole('columnheader', { name: /^数/ }).getAttribute('aria-sort')).toBe('descending'));
  await fireEvent.click(screen.getByRole('button', { name: /^数/ }));
  await waitFor(() => expect(asked.at(-1)!.orderBy).toBe('n'));
  expect(screen.getByRole('columnheader', { name: /品名/ }).getAttribute('aria-sort')).toBe('none');
});

test('a filter starts from the first page and can be taken away', async () => {
  const { view, asked } = open();
  await screen.findByRole('cell', { name: '品1' });
  await fireEvent.click(screen.getByRole('button', { name: '次へ' }));
  await waitFor(() => expect(cells()[0]).toBe('品26'));
  view.filter.q = '品60';
  await waitFor(() => expect(cells()).toEqual(['品60']));
  expect(location.hash).toBe(`#/things?q=${encodeURIComponent('品60')}`);
  expect(asked.at(-1)!.pageToken).toBe('');
  view.filter.q = 'ない';
  expect(await screen.findByText('条件に合うものはありません。絞り込みを変えてみてください。')).toBeTruthy();
  view.clear();
  await waitFor(() => expect(cells()).toHaveLength(25));
  expect(location.hash).toBe('#/things');
});

test('an address shows the same to whoever opens it', async () => {
  router.go('/things?q=%E5%93%812&sort=n+desc&rows=50');
  const { asked } = open();
  await screen.findByRole('cell', { name: '品2' });
  expect(asked[0]).toMatchObject({ q: '品2', orderBy: 'n desc', pageSize: 50, pageToken: '' });
});

test('what comes late for an older question is not shown', async () => {
  const answers: (() => void)[] = [];
  const view = new TableView({ filter: { q: '' } });
  const load = (ask: Ask) => {
    const q = view.filter.q || 'alle';
    return new Promise<{ items: Thing[]; next: string }>((resolve, reject) => {
      ask.signal.addEventListener('abort', () => reject(new DOMException('', 'AbortError')));
      answers.push(() => resolve({ items: [{ name: q, n: 1 }], next: '' }));
    });
  };
  open({ view, load });
  await waitFor(() => expect(answers).toHaveLength(1));
  view.filter.q = 'neu';
  await waitFor(() => expect(answers).toHaveLength(2));
  answers[0]();
  answers[1]();
  await screen.findByRole('cell', { name: 'neu' });
  expect(screen.queryByRole('cell', { name: 'alle' })).toBeNull();
  expect(screen.queryByRole('alert')).toBeNull();
});

test('nothing at all, and a server that is away', async () => {
  let calls = 0;
  open({ load: () => (++calls === 1 ? Promise.reject(new ConnectError('x', Code.Unavailable)) : Promise.resolve({ items: [], next: '' })) });
  await fireEvent.click(await screen.findByRole('button', { name: 'もう一度試す' }));
  expect(await screen.findByText('まだありません。')).toBeTruthy();
});

test('the file has every page, with the columns that only it has', async () => {
  let made: Blob | undefined;
  const name = vi.fn();
  vi.stubGlobal('URL', Object.assign(URL, { createObjectURL: (blob: Blob) => { made = blob; return 'blob:x'; }, revokeObjectURL: () => {} }));
  const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) { name(this.download); });
  const { asked } = open();
  await screen.findByRole('cell', { name: '品1' });
  await fireEvent.click(screen.getByRole('button', { name: 'CSVで保存' }));
  await waitFor(() => expect(name).toHaveBeenCalledOnce());
  expect(name.mock.calls[0][0]).toMatch(/^things-\d{4}-\d\d-\d\d\.csv$/);
  expect(asked.at(-1)!.pageSize).toBe(200);
  const reader = new FileReader();
  const text = await new Promise<string>((resolve) => {
    reader.onload = () => resolve(reader.result as string);
    reader.readAsText(made!);
  });
  const lines = text.trim().split('\r\n');
  expect(lines).toHaveLength(61);
  expect(lines[0]).toContain('品名,数,番号');
  expect(lines[60]).toBe('品60,60,600');
  click.mockRestore();
  vi.unstubAllGlobals();
});

test('saving can be stopped, and then nothing is saved', async () => {
  const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => {});
  const endless = (ask: Ask) => {
    if (ask.pageToken === '3') return new Promise<never>((_, reject) => ask.signal.addEventListener('abort', () => reject(new DOMException('', 'AbortError'))));
    return Promise.resolve({ items: things.slice(0, 2), next: String(Number(ask.pageToken || 0) + 1) });
  };
  open({ load: endless });
  await screen.findByRole('cell', { name: '品1' });
  await fireEvent.click(screen.getByRole('button', { name: 'CSVで保存' }));
  expect(await screen.findByText('6行を読み込みました…')).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: '保存を中止' }));
  expect(await screen.findByRole('button', { name: 'CSVで保存' })).toBeTruthy();
  expect(screen.queryByRole('alert')).toBeNull();
  expect(click).not.toHaveBeenCalled();
  click.mockRestore();
});

test('a column can be left out, and stays so', async () => {
  const { unmount } = open();
  await screen.findByRole('cell', { name: '品1' });
  await fireEvent.click(screen.getByRole('checkbox', { name: '数' }));
  await waitFor(() => expect(screen.queryByRole('columnheader', { name: /^数/ })).toBeNull());
  unmount();
  open();
  await screen.findByRole('cell', { name: '品1' });
  expect(screen.queryByRole('columnheader', { name: /^数/ })).toBeNull();
});
