// The built app loads English words only for who reads English: in `words(ja, en)` the English dictionary becomes a chunk of its own, asked
// for by src/i18n/english.svelte.ts. Sources and tests have both at once.
import type { Plugin } from 'vite';

const QUERY = '?english';

type Node = { type: string; start: number; end: number } & Record<string, unknown>;

export function english(): Plugin {
  const dictionaries = new Map<string, string>();
  return {
    name: 'kubari-english',
    apply: 'build',
    resolveId: (id) => (dictionaries.has(id) ? id : undefined),
    load: (id) => (dictionaries.has(id) ? `export default ${dictionaries.get(id)};` : undefined),
    transform(code, id) {
      if (!/\/src\/.*\.ts$/.test(id) || !/\bwords\(/.test(code) || id.endsWith('/i18n/words.ts')) return undefined;
      const { body } = this.parse(code) as unknown as { body: Node[] };
      const call = find(body, (node) => node.type === 'CallExpression' && (node.callee as Node).name === 'words');
      const given = (call?.arguments as Node[] | undefined)?.[1];
      if (!given) this.error('words(ja, en) was expected here: see build/english.ts');
      const replace = (text: string) => ({ code: code.slice(0, given.start) + text + code.slice(given.end), map: null });
      const imported = body.find(
        (node) => node.type === 'ImportDeclaration' && (node.specifiers as Node[]).some((one) => (one.local as Node).name === given.name),
      );
      if (imported) return replace(`() => import(${(imported.source as Node).raw as string}).then((module) => module.${given.name as string})`);
      const value = given.type === 'Identifier' ? declared(body, given.name as string) : given;
      if (value?.type !== 'ObjectExpression') this.error(`The English words must be written out in one object: see build/english.ts`);
      dictionaries.set(id + QUERY, code.slice(value.start, value.end));
      return replace(`() => import(${JSON.stringify(id + QUERY)}).then((module) => module.default)`);
    },
  };
}

/** What a constant of the module is set to. */
function declared(body: Node[], name: string): Node | undefined {
  const one = find(body, (node) => node.type === 'VariableDeclarator' && (node.id as Node).name === name);
  return one?.init as Node | undefined;
}

function find(nodes: unknown, fits: (node: Node) => boolean): Node | undefined {
  if (Array.isArray(nodes)) {
    for (const node of nodes) {
      const found = find(node, fits);
      if (found) return found;
    }
    return undefined;
  }
  if (typeof nodes !== 'object' || nodes === null || !('type' in nodes)) return undefined;
  if (fits(nodes as Node)) return nodes as Node;
  return find(Object.values(nodes), fits);
}
