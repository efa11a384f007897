import { isIP } from 'node:net';
import type { Endpoint } from './target.ts';

/** One spelling for one host: names in lower case without the dot at their end, IPv6 as short as it can be. */
export function canonicalHost(host: string): string {
  const plain = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (isIP(plain) !== 6 || plain.includes('%')) return plain.replace(/\.$/, '');
  const short = new URL(`http://[${plain}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(short);
  if (mapped === null) return short;
  const bytes = mapped.slice(1).flatMap((half) => [parseInt(half, 16) >> 8, parseInt(half, 16) & 255]);
  return bytes.join('.');
}

/** Whether it is the machine itself, whichever that is. */
export function isLocal(host: string): boolean {
  return addressesOf(host).some((address) => isLoopback4(address) || address === '::1');
}

/** Whether a connection made on the machine of the listener `at` to the place `to` gets to it. */
export function reaches(to: Endpoint, at: Endpoint): boolean {
  if (to.port !== at.port) return false;
  const own = canonicalHost(at.host);
  return addressesOf(to.host).some((address) => {
    if (own === '0.0.0.0') return address === own || isLoopback4(address);
    if (own === '::') return address === own || isLoopback4(address) || address === '::1';
    return addressesOf(own).includes(address);
  });
}

/** Whether both are one place, as far as it can be told without asking DNS. */
export function isSamePlace(a: Endpoint, b: Endpoint): boolean {
  if (a.port !== b.port) return false;
  const other = addressesOf(b.host);
  return addressesOf(a.host).some((address) => other.includes(address));
}

/** Whether a pattern of names (`*.shop.example`, `shop.*`) covers a host; both as {@link canonicalHost} writes them. */
export function coversHost(pattern: string, host: string): boolean {
  if (pattern.startsWith('*')) return host.length >= pattern.length && host.endsWith(pattern.slice(1));
  if (pattern.endsWith('*')) return host.length >= pattern.length && host.startsWith(pattern.slice(0, -1));
  return pattern === host;
}

/** What a connection to it goes to: a name is itself, but for the one that needs no DNS. */
export function addressesOf(host: string): readonly string[] {
  const plain = canonicalHost(host);
  // Nobody can be at "every address": a connection to it goes to the machine itself.
  if (plain === '0.0.0.0') return ['127.0.0.1', plain];
  if (plain === '::') return ['::1', plain];
  return plain === 'localhost' || plain.endsWith('.localhost') ? ['127.0.0.1', '::1'] : [plain];
}

function isLoopback4(address: string): boolean {
  return isIP(address) === 4 && address.startsWith('127.');
}
