/** Which methods a path has: a wrong method is 405 and not 404. */
export class RouteTable {
  readonly #routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];

  /** `url` as Fastify has it: `/v1/fleets/:fleet`. */
  add(method: string | readonly string[], url: string): void {
    const source = url
      .split('/')
      .map((part) => (part.startsWith(':') ? '[^/]+' : part.replaceAll('.', '\\.')))
      .join('/');
    this.#routes.push({ pattern: new RegExp(`^${source}$`), methods: [method].flat() });
  }

  methods(url: string): readonly string[] {
    const path = url.split('?')[0] ?? '';
    const found = this.#routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods);
    return [...new Set(found)].sort();
  }
}
