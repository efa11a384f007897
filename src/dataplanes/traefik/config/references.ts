import type { Issue, IssueList } from '../../../model/issue.ts';
import { type Json, fieldsOf, listOf, namesIn, textOf } from '../json.ts';
import { ownName } from '../names.ts';
import { circles } from './circles.ts';
import { untoldHealth } from './health.ts';
import { checkRouters } from './routers.ts';
import { faultOfServerUrl } from './server-url.ts';
import { SERVICE_TYPES, servicesOf } from './services.ts';

const STRATEGIES = ['wrr', 'p2c', 'hrw', 'leasttime'];

const KINDS = {
  services: 'service',
  middlewares: 'middleware',
  serversTransports: 'servers transport',
  options: 'TLS option',
} as const;

/**
 * Everything named must be there, and every value in its range. Traefik takes a configuration where it is not so, and
 * answers 404 for the routers that it concerns: their traffic is lost.
 */
export function checkReferences(config: Json, issues: IssueList, warnings: Issue[]): void {
  new ReferenceCheck(config, issues, warnings).run();
}

class ReferenceCheck {
  readonly #http: Json;
  readonly #tlsOptions: Json;
  readonly #issues: IssueList;
  readonly #warnings: Issue[];

  constructor(config: Json, issues: IssueList, warnings: Issue[]) {
    this.#http = fieldsOf(config['http']);
    this.#tlsOptions = fieldsOf(fieldsOf(config['tls'])['options']);
    this.#issues = issues;
    this.#warnings = warnings;
  }

  run(): void {
    for (const kind of ['routers', 'services', 'middlewares', 'serversTransports']) this.#names(kind);
    checkRouters(fieldsOf(this.#http['routers']), this.#issues, this.#warnings);
    this.#each('routers', (router, path) => this.#router(router, path));
    this.#each('services', (service, path) => this.#service(service, path));
    this.#each('middlewares', (middleware, path) => this.#middleware(middleware, path));
    this.#loops();
    for (const { name, path } of untoldHealth(fieldsOf(this.#http['services'])))
      this.#add(path, `service "${String(name)}" must have a healthCheck, as this one goes by its health`);
  }

  #each(kind: string, check: (item: Json, path: string, name: string) => void): void {
    for (const [name, item] of Object.entries(fieldsOf(this.#http[kind])))
      check(fieldsOf(item), `http.${kind}.${name}`, name);
  }

  #names(kind: string): void {
    for (const name of Object.keys(fieldsOf(this.#http[kind]))) {
      const path = `http.${kind}.${name}`;
      if (name.includes('@')) this.#add(path, 'must not contain "@", which Traefik puts before a provider');
    }
  }

  #router(router: Json, path: string): void {
    if (router['service'] !== undefined) this.#required('services', router['service'], `${path}.service`);
    this.#middlewares(router, path);
    const options = fieldsOf(router['tls'])['options'];
    if (options !== undefined && options !== '' && options !== 'default')
      this.#known('options', options, `${path}.tls.options`);
  }

  #service(service: Json, path: string): void {
    this.#one(service, SERVICE_TYPES, path);
    this.#middlewares(service, path);
    for (const { name, path: at } of servicesOf(service, path)) this.#required('services', name, at);
    const balancer = fieldsOf(service['loadBalancer']);
    const transport = balancer['serversTransport'];
    if (transport !== undefined)
      this.#known('serversTransports', transport, `${path}.loadBalancer.serversTransport`);
    const strategy = textOf(balancer['strategy']) ?? 'wrr';
    if (!STRATEGIES.includes(strategy))
      this.#add(`${path}.loadBalancer.strategy`, `must be one of ${STRATEGIES.join(', ')}`);
    listOf(balancer['servers']).forEach((server, index) =>
      this.#url(fieldsOf(server)['url'], `${path}.loadBalancer.servers[${index}].url`),
    );
    listOf(fieldsOf(service['mirroring'])['mirrors']).forEach((mirror, index) => {
      const percent = Number(fieldsOf(mirror)['percent'] ?? 0);
      if (percent < 0 || percent > 100)
        this.#add(`${path}.mirroring.mirrors[${index}].percent`, 'must be a whole number from 0 to 100');
    });
  }

  #url(url: unknown, path: string): void {
    const text = textOf(url);
    const fault = text === undefined ? undefined : faultOfServerUrl(text);
    if (text === undefined)
      this.#warnings.push({ path, message: 'is not given: requests that get there are answered 500' });
    else if (fault !== undefined) this.#add(path, fault);
  }

  #middleware(middleware: Json, path: string): void {
    this.#one(middleware, Object.keys(middleware), path);
    const chained = fieldsOf(middleware['chain']);
    this.#middlewares(chained, `${path}.chain`);
    const errors = fieldsOf(middleware['errors']);
    if (middleware['errors'] !== undefined)
      this.#required('services', errors['service'], `${path}.errors.service`);
  }

  #one(item: Json, types: readonly string[], path: string): void {
    const given = types.filter((type) => item[type] !== undefined);
    if (given.length === 0)
      this.#add(path, `must have a type${types.length > 1 ? `: ${types.join(', ')}` : ''}`);
    if (given.length > 1) this.#add(path, `must have one type, has ${given.join(' and ')}`);
  }

  #middlewares(item: Json, path: string): void {
    namesIn(item['middlewares']).forEach((name, index) =>
      this.#known('middlewares', name, `${path}.middlewares[${index}]`),
    );
  }

  #required(kind: keyof typeof KINDS, name: unknown, path: string): void {
    if (textOf(name) === undefined) this.#add(path, 'is required');
    else this.#known(kind, name, path);
  }

  #known(kind: keyof typeof KINDS, reference: unknown, path: string): void {
    const text = String(reference);
    const known = kind === 'options' ? this.#tlsOptions : fieldsOf(this.#http[kind]);
    const name = ownName(text);
    const what = KINDS[kind];
    if (name !== undefined) {
      // The one option that Traefik knows by its bare name alone.
      const isBare = kind === 'options' && name === 'default';
      if (!Object.hasOwn(known, name) || isBare) this.#add(path, `no ${what} named "${name}" in this config`);
      return;
    }
    const [bare = ''] = text.split('@');
    if (Object.hasOwn(known, bare)) {
      const message = `names a ${what} of another provider, and "${bare}" of this config is one of @http now`;
      this.#warnings.push({ path, message });
    }
  }

  /** Services that hand requests to each other, and middlewares, in a circle. */
  #loops(): void {
    const services = new Map<string, readonly string[]>();
    this.#each('services', (service, path, name) =>
      services.set(
        name,
        servicesOf(service, path).flatMap(({ name: to }) => ownName(String(to)) ?? []),
      ),
    );
    const middlewares = new Map<string, readonly string[]>();
    this.#each('middlewares', (middleware, _, name) =>
      middlewares.set(
        name,
        namesIn(fieldsOf(middleware['chain'])['middlewares']).map((to) => ownName(to) ?? to),
      ),
    );
    for (const [kind, graph] of [
      ['services', services],
      ['middlewares', middlewares],
    ] as const) {
      for (const circle of circles(graph))
        this.#add(`http.${kind}.${circle[0]}`, `leads to itself: ${[...circle, circle[0]].join(' -> ')}`);
    }
  }

  #add(path: string, message: string): void {
    this.#issues.items.push({ path, message });
  }
}
