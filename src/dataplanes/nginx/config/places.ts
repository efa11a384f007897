import { isDnsName, isIpAddress } from '../../../model/host.ts';
import type { Endpoint } from '../../../model/target.ts';

/** `HOST`, `HOST:PORT` or `[ADDRESS]:PORT`; nothing for sockets of the file system. */
export function placeOf(text: string, defaultPort: number): Endpoint | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  const port = digits === undefined ? defaultPort : Number(digits);
  if (!isDnsName(host) && !isIpAddress(host)) return undefined;
  return port >= 1 && port <= 65_535 ? { host, port } : undefined;
}
