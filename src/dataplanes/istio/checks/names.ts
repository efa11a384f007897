import { isIP, isIPv6 } from 'node:net';
import type { IssueList } from '../../../model/issue.ts';

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** istiod minds no capitals, where Kubernetes does. */
const ANY_CASE = '[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?';
const DNS_LABEL = new RegExp(`^${ANY_CASE}$`);
const FIRST_LABEL = new RegExp(`^(?:\\*|(?:\\*-?)?${ANY_CASE})$`);
const MAX_LABEL = 63;
const MAX_HOST = 255;

/** A name as Kubernetes has it within a namespace. */
export function isName(value: unknown): value is string {
  return (
    typeof value === 'string' && value.length <= 253 && value.split('.').every((label) => LABEL.test(label))
  );
}

export function isLabel(value: unknown): value is string {
  return typeof value === 'string' && LABEL.test(value);
}

/** A label of DNS, in capitals or not. */
export function isDnsLabel(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_LABEL && DNS_LABEL.test(value);
}

export function checkDnsLabel(value: unknown, issues: IssueList): void {
  if (!isDnsLabel(value)) issues.add(`must be letters, digits and "-", ${MAX_LABEL} at most`);
}

/** Letters, digits and hyphens only: istiod takes no underscores. What ends in a number would be half an address. */
export function isHost(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_HOST && areLabels(value);
}

/** `shop.example`, `*.shop.example`, `*-eu.shop.example` or `*`. */
export function isWildcardHost(value: unknown): value is string {
  if (typeof value !== 'string' || value === '' || value.length > MAX_HOST) return false;
  const dot = value.indexOf('.');
  const first = dot === -1 ? value : value.slice(0, dot);
  return (
    first.length <= MAX_LABEL && FIRST_LABEL.test(first) && (dot === -1 || areLabels(value.slice(dot + 1)))
  );
}

function areLabels(name: string): boolean {
  const labels = name.split('.');
  const last = labels.pop() ?? '';
  return !/^\d+$/.test(last) && (last === '' || isDnsLabel(last)) && labels.every(isDnsLabel);
}

/**
 * Of hosts that a request can be for both of, the later one by its index, with the other: one is the other again, or its
 * wildcard covers it. Hosts can be many, so none is compared with every other.
 */
export function overlaps(hosts: readonly string[]): ReadonlyMap<number, string> {
  const twins = new Map<number, string>();
  const first = new Map<string, number>();
  hosts.forEach((host, index) => {
    if (first.has(host)) twins.set(index, host);
    else first.set(host, index);
  });
  for (const [host, index] of first)
    for (let end = 0; end <= host.length; end += 1) {
      const other = first.get(`*${host.slice(end)}`);
      if (other !== undefined && other !== index) {
        twins.set(Math.max(index, other), hosts[Math.min(index, other)] ?? host);
        break;
      }
    }
  return twins;
}

/** Whether all that `inner` names is `outer`, too. */
export function isWithin(inner: string, outer: string): boolean {
  if (!outer.startsWith('*')) return inner === outer;
  if (!inner.startsWith('*')) return inner.endsWith(outer.slice(1));
  return inner.length >= outer.length && inner.slice(1).endsWith(outer.slice(1));
}

const KEY = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const MAX_PREFIX = 253;

/** A key of a label: a name, with a domain and a slash before it or not. */
export function isQualifiedName(value: string): boolean {
  const slash = value.indexOf('/');
  const name = value.slice(slash + 1);
  const prefix = slash === -1 ? undefined : value.slice(0, slash);
  if (!KEY.test(name) || name.length > MAX_LABEL) return false;
  return (
    prefix === undefined ||
    (prefix.length <= MAX_PREFIX && prefix.split('.').every((part) => DNS_LABEL.test(part)))
  );
}

export function isAddress(value: unknown): value is string {
  return typeof value === 'string' && isIP(value) !== 0;
}

const PREFIX_LENGTH = /^(0|[1-9]\d{0,2})$/;

/** An address, or a network: `10.0.0.0/8`. */
export function isSubnet(value: string): boolean {
  const [address = '', length, ...more] = value.split('/');
  if (length === undefined) return isAddress(address);
  if (more.length > 0 || !isAddress(address) || address.includes('%') || !PREFIX_LENGTH.test(length))
    return false;
  return Number(length) <= (isIPv6(address) ? 128 : 32);
}

export function checkSubnet(value: string, issues: IssueList): void {
  if (!isSubnet(value)) issues.add('must be an IP address or a network such as 10.0.0.0/8');
}

const UNIX = 'unix://';

/** What stands behind `unix://`; undefined of what is no such address. */
export function unixPath(address: unknown): string | undefined {
  return typeof address === 'string' && address.startsWith(UNIX) ? address.slice(UNIX.length) : undefined;
}

export function checkUnixPath(address: string, issues: IssueList): void {
  const path = unixPath(address) ?? '';
  if (!path.startsWith('@') && !(path.startsWith('/') && !path.endsWith('/')))
    issues.add('must be unix:// with the absolute path of a file, or @ and a name');
}

export function checkPort(value: unknown, issues: IssueList): void {
  const number = typeof value === 'number' ? value : 0;
  if (number < 1 || number > 65_535) issues.add('must be a port from 1 to 65535');
}

/** How istiod spells protocols; it minds no case. */
const PROTOCOLS = new Set([
  ...['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB', 'HTTP_PROXY', 'HTTPS', 'TLS', 'TCP', 'UDP'],
  ...['MONGO', 'MYSQL', 'REDIS'],
]);

export function protocolOf(port: { readonly protocol?: unknown } | undefined): string {
  const { protocol = '' } = port ?? {};
  return typeof protocol === 'string' ? protocol.toUpperCase() : '';
}

export function checkProtocol(value: unknown, issues: IssueList): void {
  if (!PROTOCOLS.has(protocolOf({ protocol: value })))
    issues.add(`must be one of ${[...PROTOCOLS].join(', ')}`);
}

const HTTP = new Set(['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB', 'HTTP_PROXY']);
const TLS = new Set(['HTTPS', 'TLS']);

export function isHttp(protocol: string): boolean {
  return HTTP.has(protocol);
}

export function isTls(protocol: string): boolean {
  return TLS.has(protocol);
}
