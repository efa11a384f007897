import { isIP } from 'node:net';
import type { IssueList } from '../../../model/issue.ts';

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** Of a host, capitals do no harm. */
const HOST_LABEL = /^[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$/;

/** A name as Kubernetes has it within a namespace. */
export function isName(value: unknown): value is string {
  return (
    typeof value === 'string' && value.length <= 253 && value.split('.').every((label) => LABEL.test(label))
  );
}

export function isLabel(value: unknown): value is string {
  return typeof value === 'string' && LABEL.test(value);
}

/** Letters, digits and hyphens only: istiod takes no underscores. */
export function isHost(value: unknown): value is string {
  if (typeof value !== 'string' || value === '' || value.length > 255) return false;
  return value
    .replace(/\.$/, '')
    .split('.')
    .every((label) => HOST_LABEL.test(label));
}

/** `shop.example`, `*.shop.example` or `*`. */
export function isWildcardHost(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  if (value === '*') return true;
  return isHost(value.replace(/^\*[-.]?/, ''));
}

export function isAddress(value: unknown): value is string {
  return typeof value === 'string' && isIP(value) !== 0;
}

export function checkPort(value: unknown, issues: IssueList): void {
  const number = typeof value === 'number' ? value : 0;
  if (number < 1 || number > 65_535) issues.add('must be a port from 1 to 65535');
}

/** How istiod spells protocols; it minds no case. */
const PROTOCOLS = new Set([
  ...['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB', 'HTTP_PROXY', 'HTTPS', 'TLS', 'TCP', 'UDP'],
  ...['MONGO', 'MYSQL', 'REDIS', ''],
]);

export function protocolOf(port: { readonly protocol?: unknown } | undefined): string {
  const { protocol = '' } = port ?? {};
  return typeof protocol === 'string' ? protocol.toUpperCase() : '';
}

export function checkProtocol(value: unknown, issues: IssueList): void {
  if (!PROTOCOLS.has(protocolOf({ protocol: value })))
    issues.add(`must be one of ${[...PROTOCOLS].filter((name) => name !== '').join(', ')}`);
}

const HTTP = new Set(['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB', 'HTTP_PROXY']);
const TLS = new Set(['HTTPS', 'TLS']);

export function isHttp(protocol: string): boolean {
  return HTTP.has(protocol);
}

export function isTls(protocol: string): boolean {
  return TLS.has(protocol);
}
