import { isIP } from 'node:net';
import { named } from './scopes.ts';
import type { Directive } from './tokens.ts';

/** Where a server listens. */
export interface ListenSocket {
  /** An address; `any`: all of the machine's of these families. A name can be any of them. */
  readonly host: { readonly address: string } | { readonly any: readonly (4 | 6)[] };
  readonly ports: { readonly first: number; readonly last: number };
  readonly server: Directive;
  /** Undefined for the one that a server has without such a line. */
  readonly listen: Directive | undefined;
}

const DEFAULT_PORT = 80;
const BOTH = [4, 6] as const;

/** TCP sockets of all servers: https://nginx.org/en/docs/http/ngx_http_core_module.html#listen */
export function socketsOf(top: readonly Directive[]): readonly ListenSocket[] {
  const servers = named(top, 'http').flatMap(({ block }) => named(block, 'server'));
  return servers.flatMap((server): readonly ListenSocket[] => {
    const lines = named(server.block, 'listen');
    if (lines.length === 0) return [{ ...socketAt('*', []), server, listen: undefined }];
    return lines.flatMap((listen) => {
      const [address = '', ...options] = listen.args;
      if (address.startsWith('unix:') || options.includes('quic')) return [];
      return [{ ...socketAt(address, options), server, listen }];
    });
  });
}

function socketAt(text: string, options: readonly string[]): Pick<ListenSocket, 'host' | 'ports'> {
  const alone = /^\d+(?:-\d+)?$/.test(text) ? `*:${text}` : text;
  const [, bracketed, plain = '', from, to] =
    /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+)(?:-(\d+))?)?$/.exec(alone) ?? [];
  const first = from === undefined ? DEFAULT_PORT : Number(from);
  const ports = { first, last: to === undefined ? first : Number(to) };
  if (bracketed !== undefined) {
    const families = options.includes('ipv6only=off') ? BOTH : ([6] as const);
    return { host: isUnspecified(bracketed) ? { any: families } : { address: bracketed }, ports };
  }
  if (plain === '*' || isUnspecified(plain)) return { host: { any: [4] }, ports };
  return { host: isIP(plain) === 0 ? { any: BOTH } : { address: plain }, ports };
}

function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || /^[0:]+$/.test(address);
}
