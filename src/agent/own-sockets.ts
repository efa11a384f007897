import { isIPv4 } from 'node:net';
import type { ListenSocket } from '../dataplanes/nginx/config/sockets.ts';
import { addressesOf, isLocal } from '../model/place.ts';
import type { ListenAddress } from './state-api.ts';

/** The sockets that take a connection to `address`: the most specific ones, as the kernel has it. */
export function socketsAt(
  sockets: readonly ListenSocket[],
  address: string,
  port: number,
  /** Addresses of the machine. */
  own: () => readonly string[],
): readonly ListenSocket[] {
  const to = plain(address);
  const here = sockets.filter(({ ports }) => port >= ports.first && port <= ports.last);
  const exact = here.filter(({ host }) => 'address' in host && plain(host.address) === to);
  if (exact.length > 0) return exact;
  const family = isIPv4(to) ? 4 : 6;
  const any = here.filter(({ host }) => 'any' in host && host.any.includes(family));
  const isOwn = any.length > 0 && (isLocal(to) || own().some((one) => plain(one) === to));
  return isOwn ? any : [];
}

/** Whether a connection to `address` gets to a socket on `listen`, which may be all addresses of the machine. */
export function listensAt(
  listen: ListenAddress,
  address: string,
  port: number,
  own: () => readonly string[],
): boolean {
  if (port !== listen.port) return false;
  const to = plain(address);
  if (/^[0.:]+$/.test(listen.host)) return isLocal(to) || own().some((one) => plain(one) === to);
  return to === plain(listen.host);
}

/** One spelling for each; who connects to the unspecified address gets to this machine. */
function plain(address: string): string {
  const [first = address] = addressesOf(address.replace(/%.*$/, ''));
  return first;
}
