/**
 * What a Traefik makes of something in a dynamic configuration:
 * - `taken`: it serves the router;
 * - `disabled`: it leaves the router out, so that its requests are answered 404;
 * - `fails`: it takes it, and answers each of its requests with an error;
 * - `down`: it takes it, and finds a server that is well to be down;
 * - `default`: it says that it goes on with a default in its place.
 */
export type Verdict = 'taken' | 'disabled' | 'fails' | 'down' | 'default';

type Parts = Readonly<Record<string, object>>;

/** A piece of configuration, with names that are its own. */
export interface Row {
  readonly what: string;
  readonly verdict: Verdict;
  readonly routers: Parts;
  readonly services?: Parts;
  readonly middlewares?: Parts;
  readonly serversTransports?: Parts;
  readonly options?: Parts;
  readonly tcp?: { readonly services?: Parts; readonly middlewares?: Parts };
  /** What a warning of ours is about, where it is taken with one. */
  readonly warned?: RegExp;
}

export interface Said {
  readonly verdict?: Verdict;
  readonly warned?: RegExp;
}

let count = 0;

/** A router of its own, with fields of the row's. */
function row(what: string, { verdict = 'taken', warned }: Said, make: (name: string) => Partial<Row>): Row {
  const name = `row${(count += 1)}`;
  const made = make(name);
  const routers = made.routers ?? { [name]: router(name) };
  return { what, verdict, ...(warned && { warned }), ...made, routers };
}

/** Before those of the rows whose rule is what they are about. */
export function router(name: string, fields: object = {}): object {
  return { rule: `Host(\`${name}.test\`)`, priority: 1000, service: 'origin', ...fields };
}

export function middleware(type: string, fields: unknown, said: Said = {}): Row {
  return row(`${type} ${JSON.stringify(fields)}`, said, (name) => ({
    routers: { [name]: router(name, { middlewares: [name] }) },
    middlewares: { [name]: { [type]: fields } },
  }));
}

/** Pieces that no router leads to, beside a router of the row's. `NAME`: the row's own. */
export function idle(parts: Pick<Row, 'services' | 'middlewares' | 'options'>, said: Said): Row {
  return row(`idle ${JSON.stringify(parts)}`, said, (name) => ({
    routers: { [name]: router(name) },
    ...(JSON.parse(JSON.stringify(parts).replaceAll('NAME', name)) as typeof parts),
  }));
}

/** `bad`: Traefik leaves the router out for it. */
export function middlewares(
  type: string,
  cases: { good: readonly unknown[]; bad: readonly unknown[] },
): Row[] {
  return [
    ...cases.good.map((fields) => middleware(type, fields)),
    ...cases.bad.map((fields) => middleware(type, fields, { verdict: 'disabled' })),
  ];
}

export function routers(fields: object, said: Said = {}, others: (name: string) => Parts = () => ({})): Row {
  return row(`router ${JSON.stringify(fields)} ${JSON.stringify(others('NAME'))}`, said, (name) => ({
    routers: { [name]: router(name, fields), ...others(name) },
  }));
}

export function rule(text: string, syntax: string | undefined, verdict: Verdict): Row {
  return row(`rule ${syntax ?? ''} ${text}`, { verdict }, (name) => ({
    routers: {
      [name]: { rule: text, service: 'origin', ...(syntax !== undefined && { ruleSyntax: syntax }) },
    },
  }));
}

/** `origin`: the address of a server that is well. */
export function balancer(fields: object, said: Said = {}): Row {
  return row(`loadBalancer ${JSON.stringify(fields)}`, said, (name) => ({
    routers: { [name]: router(name, { service: name }) },
    services: { [name]: { loadBalancer: { servers: [{ url: 'http://ORIGIN' }], ...fields } } },
  }));
}

/** A server that need not be there: its router is not asked. */
export function server(url: string, said: Said = {}): Row {
  return row(`server ${url}`, said, (name) => ({
    routers: { [name]: router(name, { rule: `Host(\`${name}.test\`) && Path(\`/\`)`, service: name }) },
    services: { [name]: { loadBalancer: { servers: [{ url }] } } },
  }));
}

export function service(fields: object, said: Said = {}): Row {
  return row(`service ${JSON.stringify(fields)}`, said, (name) => ({
    routers: { [name]: router(name, { service: name }) },
    services: { [name]: fields },
  }));
}

export function transport(fields: object, said: Said = {}): Row {
  return row(`serversTransport ${JSON.stringify(fields)}`, said, (name) => ({
    routers: { [name]: router(name, { service: name }) },
    services: { [name]: { loadBalancer: { servers: [{ url: 'http://ORIGIN' }], serversTransport: name } } },
    serversTransports: { [name]: fields },
  }));
}

export function tlsOptions(fields: object, said: Said = {}): Row {
  return row(`TLS options ${JSON.stringify(fields)}`, said, (name) => ({
    routers: { [name]: router(name, { tls: { options: name } }) },
    options: { [name]: fields },
  }));
}

/** A router of TCP beside the row's own, with the service and the middleware of its name where they are given. */
export function tcp(what: { service?: object; middleware?: object }, said: Said = {}): Row {
  return row(`tcp ${JSON.stringify(what)}`, said, (name) => ({
    tcp: {
      services: { [name]: what.service ?? { loadBalancer: { servers: [{ address: 'ORIGIN' }] } } },
      ...(what.middleware && { middlewares: { [name]: what.middleware } }),
    },
  }));
}

function tcpOf(rows: readonly Row[]): object | undefined {
  const all = rows.flatMap((one) => one.tcp ?? []);
  if (all.length === 0) return undefined;
  const services = Object.assign({}, ...all.map((one) => one.services)) as object;
  const middlewares = Object.assign({}, ...all.map((one) => one.middlewares ?? {})) as object;
  const routers = Object.keys(services).map((name) => [
    name,
    {
      rule: `HostSNI(\`${name}.test\`)`,
      service: name,
      tls: { passthrough: true },
      ...(Object.hasOwn(middlewares, name) && { middlewares: [name] }),
    },
  ]);
  const hasMiddlewares = Object.keys(middlewares).length > 0;
  return { routers: Object.fromEntries(routers) as object, services, ...(hasMiddlewares && { middlewares }) };
}

/** A dynamic configuration of these rows, with one server at this address. */
export function documentOf(rows: readonly Row[], origin: string): object {
  const all = (kind: 'routers' | 'services' | 'middlewares' | 'serversTransports' | 'options'): object =>
    Object.assign({}, ...rows.map((one) => one[kind] ?? {})) as object;
  const filled = (parts: object): object | undefined => (Object.keys(parts).length > 0 ? parts : undefined);
  const options = filled(all('options'));
  const document = {
    http: {
      routers: all('routers'),
      services: { origin: { loadBalancer: { servers: [{ url: 'http://ORIGIN' }] } }, ...all('services') },
      middlewares: filled(all('middlewares')),
      serversTransports: filled(all('serversTransports')),
    },
    ...(options && { tls: { options } }),
    tcp: tcpOf(rows),
  };
  return JSON.parse(JSON.stringify(document).replaceAll('ORIGIN', origin)) as object;
}
