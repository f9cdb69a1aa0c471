// Where we are: the part of the address behind "#". One page per pattern; routes.ts holds the table.
class Router {
  /** Always begins with "/", without the query. */
  path = $state('/');
  /** What stands behind "?": what a list shows. The page stays the same. */
  query = $state.raw(new URLSearchParams());

  constructor() {
    this.#read();
    addEventListener('hashchange', () => this.#read());
  }

  /** To another page: "/lots/K7M2PQ4", "/stock?free=yes". */
  go(path: string): void {
    location.hash = path;
    this.#read();
  }

  /** Another query on the same page; undefined takes a name out. The browser's "back" leads to the page before, not to each letter of a
   * search. */
  ask(changes: Record<string, string | undefined>): void {
    const query = new URLSearchParams(this.query);
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) query.delete(name);
      else query.set(name, value);
    }
    const text = query.toString();
    history.replaceState(history.state, '', `#${this.path}${text && `?${text}`}`);
    this.query = query;
  }

  #read(): void {
    const [path, query = ''] = location.hash.replace(/^#/, '').split(/\?(.*)/s);
    this.path = path.startsWith('/') ? path : '/';
    this.query = new URLSearchParams(query);
  }
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
