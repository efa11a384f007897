/** One thing wrong with an input: where, and what to do about it. */
export interface Issue {
  /** Path into the input, in its own spelling: `endpoints[0].port`. Empty for the input as a whole. */
  readonly path: string;
  readonly message: string;
}

/** A value, or every reason why there is none. Warnings do not stop anything. */
export type Result<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly Issue[] }
  | { readonly ok: false; readonly issues: readonly Issue[] };

export function ok<T>(value: T, warnings: readonly Issue[] = []): Result<T> {
  return { ok: true, value, warnings };
}

export function fail<T>(issues: readonly Issue[]): Result<T> {
  return { ok: false, issues };
}

/** Collects issues below a path. Children share the list, so everything is reported at once. */
export class IssueList {
  readonly items: Issue[];
  readonly path: string;

  constructor(path = '', items: Issue[] = []) {
    this.path = path;
    this.items = items;
  }

  /** A collector for a field (`a.b`) or an element (`a[3]`) below this one. */
  at(key: string | number): IssueList {
    return new IssueList(joinPath(this.path, key), this.items);
  }

  add(message: string): void {
    this.items.push({ path: this.path, message });
  }
}

export function joinPath(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}
