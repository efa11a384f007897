import { readServerUrl } from '../config/server-url.ts';
import { isInline } from '../config/values/texts.ts';
import { type Json, fieldsOf, listOf, namesIn, textOf } from '../json.ts';
import { ELSEWHERE, ownName } from '../names.ts';
import type { Rewrites } from '../schema/rewrite.ts';

/** Where nothing listens. */
export const NOWHERE = '127.0.0.1:1';
/** Longer than any trial. */
const NEVER = '24h';

const without = (object: Json, ...fields: readonly string[]): Json =>
  Object.fromEntries(Object.entries(object).filter(([field]) => !fields.includes(field)));

const isContent = (value: unknown): boolean => isInline(textOf(value) ?? '');

/** What another provider has stands for something that is there. */
const service =
  (...fields: readonly string[]) =>
  (object: Json): Json => ({
    ...object,
    ...Object.fromEntries(
      fields.flatMap((field) => {
        const name = textOf(object[field]);
        return name === undefined ? [] : [[field, ownName(name) ?? ELSEWHERE]];
      }),
    ),
  });

/** Without the middlewares of another provider. */
function ownMiddlewares(object: Json): Json {
  if (object['middlewares'] === undefined) return object;
  return { ...object, middlewares: namesIn(object['middlewares']).flatMap((name) => ownName(name) ?? []) };
}

const ownOnly =
  (field: string, ...others: readonly string[]) =>
  (object: Json): Json => {
    const isOthers = ownName(textOf(object[field]) ?? '') === undefined;
    return without(object, ...others, ...(isOthers ? [field] : []));
  };

function ownParents(router: Json): Json {
  const parents = namesIn(router['parentRefs']);
  return parents.length === 0
    ? router
    : { ...router, parentRefs: parents.map((name) => ownName(name) ?? name) };
}

/** Certificates are often files, which only the machine of Traefik has. */
function contentOnly(object: Json, ...fields: readonly string[]): Json {
  const kept = fields.map((field): [string, unknown] => [
    field,
    listOf(object[field]).filter((one) =>
      isContent(typeof one === 'object' ? fieldsOf(one)['certFile'] : one),
    ),
  ]);
  return {
    ...without(object, ...fields),
    ...Object.fromEntries(kept.filter(([, list]) => listOf(list).length > 0)),
  };
}

function clientTls(tls: Json): Json {
  const hasPair = isContent(tls['cert']) && isContent(tls['key']);
  return without(tls, ...(isContent(tls['ca']) ? [] : ['ca']), ...(hasPair ? [] : ['cert', 'key']));
}

function users(user: string) {
  return (auth: Json): Json =>
    textOf(auth['usersFile']) === undefined
      ? auth
      : { ...without(auth, 'usersFile'), users: [...namesIn(auth['users']), user] };
}

function clientAuth(auth: Json): Json {
  const kept = contentOnly(auth, 'caFiles');
  const hadFiles = kept['caFiles'] === undefined && listOf(auth['caFiles']).length > 0;
  return hadFiles ? without(kept, 'clientAuthType') : kept;
}

const unchecked = (check: Json): Json => ({
  ...check,
  interval: NEVER,
  ...(check['unhealthyInterval'] !== undefined && { unhealthyInterval: NEVER }),
});

function nowhere(server: Json): Json {
  const { scheme } = readServerUrl(textOf(server['url']) ?? '') ?? {};
  return scheme === undefined ? server : { ...server, url: `${scheme}://${NOWHERE}` };
}

/**
 * What keeps a trial from asking for what it cannot have: other providers, plugins, files of another machine, and whatever
 * would make it send something.
 */
export const HARMLESS: Rewrites = {
  BasicAuth: users('nobody:x'),
  Chain: ownMiddlewares,
  ClientAuth: clientAuth,
  ClientTLS: clientTls,
  ClientTLS_: clientTls,
  DigestAuth: users('nobody:x:x'),
  ErrorPage: service('service'),
  Failover: service('service', 'fallback'),
  HRWService: service('name'),
  Middleware: (middleware) =>
    middleware['plugin'] === undefined
      ? middleware
      : { ...without(middleware, 'plugin'), headers: { customRequestHeaders: { 'X-Plugin': 'left out' } } },
  MirrorService: service('name'),
  Mirroring: service('service'),
  RateLimit: (limit) => ({ burst: 1, ...without(limit, 'redis') }),
  Router: (router) => ownParents(ownMiddlewares(service('service')(router))),
  RouterTCPTLSConfig: ownOnly('options', 'certResolver'),
  RouterTLSConfig: ownOnly('options', 'certResolver'),
  Server: nowhere,
  ServerHealthCheck: unchecked,
  ServersLoadBalancer: ownOnly('serversTransport'),
  ServersTransport: (transport) => without(contentOnly(transport, 'rootCAs', 'certificates'), 'spiffe'),
  Service: ownMiddlewares,
  Store: (store) =>
    without(
      store,
      'defaultGeneratedCert',
      ...(isContent(fieldsOf(store['defaultCertificate'])['certFile']) ? [] : ['defaultCertificate']),
    ),
  TCPRouter: (router) => ownMiddlewares(service('service')(router)),
  TCPServer: (server) => ({ ...server, address: NOWHERE }),
  TCPServerHealthCheck: unchecked,
  TCPServersLoadBalancer: ownOnly('serversTransport'),
  TCPWRRService: service('name'),
  TLSClientConfig: (tls) => without(contentOnly(tls, 'rootCAs', 'certificates'), 'spiffe'),
  TLSConfiguration: (tls) => contentOnly(tls, 'certificates'),
  UDPRouter: service('service'),
  UDPServer: () => ({ address: NOWHERE }),
  UDPWRRService: service('name'),
};
