import { isDnsName } from '../../../model/host.ts';
import { FULL } from '../../../model/percent.ts';
import type { Ppm } from '../../../model/percent.ts';
import { DEFAULT_LIMITS } from '../../../model/target.ts';
import type { Endpoint, Target, Tls } from '../../../model/target.ts';
import { placeOf } from './places.ts';
import { type Place, inForce, named, walk } from './scopes.ts';
import { type Split, guardsOf, splitsOf } from './share.ts';
import type { Directive } from './tokens.ts';

/** Where a location sends its copies, and how many. */
export interface Destination {
  /** Of the upstream; undefined where the address stands in `proxy_pass`. */
  readonly upstream: Directive | undefined;
  readonly split: Split | undefined;
  readonly proxyPass: Directive;
  /** Whether the copy has the request's own URI. */
  readonly keepsUri: boolean;
  readonly percent: Ppm;
  readonly target: Omit<Target, 'name'>;
}

/** In words, why it is none that can be told. */
export type Unknown = string;

export function destinationOf(top: readonly Directive[], location: Place): Destination | Unknown {
  const proxyPass = named(location.directive.block, 'proxy_pass').at(-1);
  if (proxyPass === undefined) return 'has no proxy_pass';
  const [, scheme, place = '', rest = ''] =
    /^(https?):\/\/(\$\{?\w+\}?|[^/$]+)(.*)$/.exec(proxyPass.args[0] ?? '') ?? [];
  if (scheme === undefined) return `sends copies to "${proxyPass.args[0] ?? ''}", which tells no address`;
  const splits = splitsOf(top);
  const guards = guardsOf(location.directive);
  const guarded = guards.flatMap(({ variable }) => splits.get(variable) ?? [])[0];
  const passes = (variable: string, value: string) =>
    guards.every((guard) => guard.variable !== variable || guard.passes(value));
  const variable = place.replace(/[{}]/g, '');
  const splitTo = splits.get(variable);
  const address = place.startsWith('$') ? valueOf(variable, location, splitTo, passes) : place;
  if (address === undefined) return `sends copies to ${place}, whose value is not a single one`;
  const split = splitTo ?? guarded;
  const endpoints = endpointsOf(top, address, scheme === 'https' ? 443 : 80);
  if (typeof endpoints === 'string') return endpoints;
  const tls = scheme === 'https' ? tlsOf(location) : undefined;
  return {
    upstream: upstreamNamed(top, address),
    split,
    proxyPass,
    keepsUri: rest === '$request_uri' || rest === '${request_uri}',
    percent: split === undefined ? FULL : shareOf(split, passes),
    target: { endpoints, protocol: 'http1', ...(tls && { tls }), limits: DEFAULT_LIMITS },
  };
}

function shareOf({ directive, shares }: Split, passes: (variable: string, value: string) => boolean): Ppm {
  const variable = directive.args.at(-1) ?? '';
  return shares
    .filter(({ value }) => passes(variable, value))
    .reduce((sum, { ppm }) => Math.min(FULL, sum + ppm), 0);
}

function valueOf(
  variable: string,
  location: Place,
  split: Split | undefined,
  passes: (variable: string, value: string) => boolean,
): string | undefined {
  if (split !== undefined) {
    const values = split.shares.filter(({ value }) => value !== '' && passes(variable, value));
    return values.length === 1 ? values[0]?.value : undefined;
  }
  for (const { block } of [location.directive, ...location.around]) {
    const value = named(block, 'set').findLast(({ args: [name] }) => name === variable)?.args[1];
    if (value !== undefined) return value.includes('$') ? undefined : value;
  }
  return undefined;
}

function upstreamNamed(top: readonly Directive[], name: string): Directive | undefined {
  for (const { directive } of walk(top)) {
    if (directive.name === 'upstream' && directive.args[0]?.toLowerCase() === name.toLowerCase())
      return directive;
  }
  return undefined;
}

function endpointsOf(
  top: readonly Directive[],
  address: string,
  port: number,
): readonly Endpoint[] | Unknown {
  const upstream = upstreamNamed(top, address);
  const addresses =
    upstream === undefined
      ? [address]
      : named(upstream.block, 'server')
          .filter(({ args }) => !args.includes('down') && !args.includes('backup'))
          .flatMap(({ args }) => args[0] ?? []);
  // Without a port an upstream's server has 80, whatever the scheme.
  const endpoints = addresses.map((one) => placeOf(one, upstream === undefined ? port : 80));
  const given = endpoints.flatMap((endpoint) => endpoint ?? []);
  if (given.length === 0 || given.length < endpoints.length) {
    return `sends copies to "${address}", which is not a list of hosts and ports`;
  }
  return given;
}

function tlsOf(location: Place): Tls {
  const text = (name: string) => {
    const value = inForce(location, name)?.args[0];
    return value === undefined || value.includes('$') ? undefined : value;
  };
  const [serverName, caFile] = [text('proxy_ssl_name'), text('proxy_ssl_trusted_certificate')];
  const [certFile, keyFile] = [text('proxy_ssl_certificate'), text('proxy_ssl_certificate_key')];
  return {
    ...(serverName !== undefined && isDnsName(serverName) && { serverName }),
    ...(text('proxy_ssl_verify') === 'on' && caFile !== undefined && { caFile }),
    ...(certFile !== undefined && keyFile !== undefined && { certFile, keyFile }),
  };
}
