import type { Target } from '../../../model/target.ts';
import { contentHash } from '../../../snapshot/build.ts';

/** By mirror: hash of where its copies go. */
export function destinationsOf(targets: ReadonlyMap<string, Target>): ReadonlyMap<string, string> {
  return new Map([...targets].map(([mirror, target]) => [mirror, destination(target)]));
}

function destination({ endpoints, protocol, tls }: Target): string {
  const addresses = endpoints.map(({ host, port }) => [host, port]);
  // TLS with every default is another way than none.
  const settings = tls && Object.entries(tls).sort(([a], [b]) => (a < b ? -1 : 1));
  return contentHash(JSON.stringify([addresses, protocol, settings]));
}
