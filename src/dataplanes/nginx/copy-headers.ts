import type { Copy } from '../../model/mirror.ts';
import { literal, quoted } from './syntax.ts';

/**
 * Headers of the copy, by their lower-case names, in NGINX's words: two lines for one header would send both. What the
 * seed's example sends, but: the client as the edge knows it (with realip, behind a load balancer) and the scheme as it
 * is, not as the client says.
 */
export function copyHeaders(copy: Copy): readonly string[] {
  const headers = new Map<string, readonly [name: string, value: string]>();
  const set = (name: string, value: string) => headers.set(name.toLowerCase(), [name, value]);
  set('Host', '$http_host');
  // Without it there is no keep-alive to the target.
  set('Connection', '""');
  if (copy.preset === 'wallarm') {
    set('X-Server-Addr', '$server_addr');
    set('X-Server-Port', '$server_port');
    set('X-Forwarded-For', copy.clientAddress === 'peer' ? '$realip_remote_addr' : '$remote_addr');
    set('X-Forwarded-Port', '$realip_remote_port');
    set('X-Forwarded-Proto', '$scheme');
    set('X-Scheme', '$scheme');
    set('X-Request-ID', '$request_id');
  }
  for (const [name, value] of Object.entries(copy.setHeaders)) set(name, literal(value));
  for (const name of copy.removeHeaders) set(name, '""');
  if (copy.body === false) set('Content-Length', '""');
  return [...headers.values()].map(([name, value]) => `proxy_set_header ${quotedName(name)} ${value};`);
}

function quotedName(name: string): string {
  return /^[A-Za-z0-9-]+$/.test(name) ? name : quoted(name);
}
