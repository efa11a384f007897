import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** What a server's URL says, where {@link faultOfServerUrl} has nothing against it. */
export interface ServerUrl {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
}

const URL_PARTS = /^(https?|h2c):\/\/([^/?#]*)([^?#]*)(?:\?[^#]*)?(?:#(.*))?$/is;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, h2c: 80, https: 443 };

const BAD_ESCAPE = /%(?![\da-f]{2})/i;
const USER = /^[\w.~!$&'()*+,;=:%@-]*$/;
/** In a host Go lets only bytes be escaped that are not ASCII. */
const HOST = /^(?:[\w.~!$&'()*+,;=<>"-]|[^\u0000-\u007f]|%[89a-f][\da-f]|%25)*$/i; // eslint-disable-line no-control-regex
const ZONE = /^(?:[\w.~!$&'()*+,;=<>"-]|%2[0-9a-f]|%[3-7][\da-f])+$/i;
const MAX_PORT = 65_535;

/** What Go's reader of URLs, or a request to such a server, would fail for; undefined: nothing. */
export function faultOfServerUrl(text: string): string | undefined {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text)) return 'has a control character in it';
  const [, , authority = '', path = '', fragment = ''] = URL_PARTS.exec(text) ?? [];
  if (authority === '') return 'must be a URL such as "http://10.0.0.5:8080"';
  const [user, hostPort] = partsOf(authority);
  for (const part of [user, hostPort, path, fragment]) {
    const at = part.search(BAD_ESCAPE);
    if (at !== -1) return `has "${part.slice(at, at + 3)}" in it, which is no escape: a "%" itself is "%25"`;
  }
  if (!USER.test(user)) return 'has a user name with characters that must be escaped';
  return faultOfHost(hostPort);
}

const HOST_PORT = /^(?:\[(.*)\]|([^[\]:]*))(?::(\d*))?$/s;

function faultOfHost(hostPort: string): string | undefined {
  const [found, address, host = '', port = ''] = HOST_PORT.exec(hostPort) ?? [];
  if (found === undefined) return `has "${hostPort}", which is neither HOST nor HOST:PORT`;
  if (address === undefined && host === '' && port === '') return 'must have HOST or HOST:PORT behind "//"';
  if (Number(port) > MAX_PORT) return `has port ${port}, and they end at ${MAX_PORT}`;
  if (address === undefined)
    return HOST.test(host) ? undefined : `has "${host}" for a host, which has characters that none has`;
  const zoneAt = address.indexOf('%25');
  const ip = zoneAt === -1 ? address : address.slice(0, zoneAt);
  const isGood =
    isIP(ip) === 6 && !ip.includes('%') && (zoneAt === -1 || ZONE.test(address.slice(zoneAt + 3)));
  return isGood ? undefined : `has [${address}], which is no IPv6 address`;
}

function partsOf(authority: string): readonly [string, string] {
  const at = authority.lastIndexOf('@');
  return [authority.slice(0, Math.max(at, 0)), authority.slice(at + 1)];
}

/** Undefined where there is something against it. */
export function readServerUrl(text: string): ServerUrl | undefined {
  if (faultOfServerUrl(text) !== undefined) return undefined;
  const [, given = '', authority = ''] = URL_PARTS.exec(text) ?? [];
  const scheme = given.toLowerCase();
  const [, address, name = '', port = ''] = HOST_PORT.exec(partsOf(authority)[1]) ?? [];
  const host = address?.replace('%25', '%') ?? (domainToASCII(name) || name.toLowerCase());
  return {
    scheme,
    // Go takes no host for this machine.
    host: host === '' ? 'localhost' : host,
    port: port === '' ? (DEFAULT_PORTS[scheme] ?? 80) : Number(port),
  };
}
