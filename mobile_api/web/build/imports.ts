// What a browser loads along with a built file: the chunks that it imports, and their style sheets.
import type { Rollup } from 'vite';

/** Adds `name` and all that it imports to `files`. */
export function takeWithImports(bundle: Rollup.OutputBundle, name: string, files: Set<string>): void {
  const file = bundle[name];
  if (!file || files.has(name)) return;
  files.add(name);
  if (file.type !== 'chunk') return;
  for (const one of file.imports) takeWithImports(bundle, one, files);
  for (const one of file.viteMetadata?.importedCss ?? []) takeWithImports(bundle, one, files);
}
