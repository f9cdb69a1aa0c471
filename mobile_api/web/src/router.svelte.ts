// Where we are: the part of the address behind "#". One page per pattern; App.svelte holds the table.
class Router {
  /** Always begins with "/", without the query. */
  path = $state(here());

  constructor() {
    addEventListener('hashchange', () => (this.path = here()));
  }

  go(path: string): void {
    location.hash = path;
    this.path = here();
  }
}

function here(): string {
  const path = location.hash.replace(/^#/, '').replace(/\?.*$/, '');
  return path.startsWith('/') ? path : '/';
}

export const router = new Router();

/** The values of ":name" parts if `path` fits `pattern` ("/lots/:lot"), else undefined. */
export function match(pattern: string, path: string): Record<string, string> | undefined {
  const values: Record<string, string> = {};
  const wanted = pattern.split('/').filter(Boolean);
  const there = path.split('/').filter(Boolean);
  if (there.length !== wanted.length) return undefined;
  for (const [index, part] of wanted.entries()) {
    if (part.startsWith(':')) values[part.slice(1)] = decode(there[index]);
    else if (part !== there[index]) return undefined;
  }
  return values;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
