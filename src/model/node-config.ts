import { isIP } from 'node:net';
import { isIpAddress } from './host.ts';
import type { Target } from './target.ts';

export const NETWORK_RULE = 'must be an IP address, or a network such as "10.1.0.0/16"';

/** An address or a CIDR as NGINX takes it, in one spelling; undefined when it is neither. */
export function parseNetwork(text: string): string | undefined {
  const [, host = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = host.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
  // A mapped address has the bits of IPv6.
  if (!isIpAddress(address) || (bits !== undefined && address.length < host.length)) return undefined;
  if (bits === undefined) return address;
  return Number(bits) <= (isIP(address) === 4 ? 32 : 128) ? `${address}/${Number(bits)}` : undefined;
}

/**
 * What a Wallarm node needs in its NGINX configuration to take copies for what they are.
 * `edges`: where copies come from, as {@link parseNetwork} gave it. The same edges, the same text.
 * https://docs.wallarm.com/installation/oob/web-server-mirroring/overview/
 */
export function nodeConfig({ name, endpoints, tls, protocol }: Target, edges: readonly string[]): string {
  const ports = [...new Set(endpoints.map(({ port }) => port))].sort((a, b) => a - b);
  const trusted = [...new Set(edges)].sort().map((edge) => `set_real_ip_from ${edge};`);
  const lines = [
    ...ports.map((port) => `listen ${port}${tls ? ' ssl' : ''};`),
    ...(tls ? ['# ssl_certificate and ssl_certificate_key: your own.'] : []),
    ...(protocol === 'http2' ? ['http2 on;'] : []),
    '',
    '# The server that the client called, and not this one.',
    'wallarm_force server_addr $http_x_server_addr;',
    'wallarm_force server_port $http_x_server_port;',
    '',
    '# The client, and not the edge that sent the copy. These may say who the client was:',
    ...(trusted.length > 0 ? trusted : ['# none is known: connect one, or name it (?edge=10.1.0.0/16).']),
    'real_ip_header X-Forwarded-For;',
    'real_ip_recursive on;',
    '',
    '# A copy has no response.',
    'wallarm_force response_status 0;',
    'wallarm_force response_time 0;',
    'wallarm_force response_size 0;',
    '',
    '# Nothing can be blocked here.',
    'wallarm_mode monitoring;',
    '',
    '# Your locations, without try_files.',
  ];
  return [
    `# What a Wallarm node needs to take the copies that mirrorplane has sent to target "${name}".`,
    '# Edges are those that are connected now, by the addresses that they reach the control plane from.',
    '# Where they reach the node from others (NAT, proxies, a controller between), name these: ?edge=10.1.0.0/16',
    'server {',
    ...lines.map((line) => (line === '' ? '' : `    ${line}`)),
    '}',
    '',
  ].join('\n');
}
