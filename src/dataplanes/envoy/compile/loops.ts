import type { IssueList } from '../../../model/issue.ts';
import type { Target } from '../../../model/target.ts';
import { type Json, dig, object, objects } from '../json.ts';

const ANY = ['0.0.0.0', '::', '[::]'];
const LOOPBACK = /^(localhost|::1|127(\.\d{1,3}){3})$/;

/**
 * Refuses a target that is a listener of the fleet itself: copies would be copied, without end. What is behind a name or a
 * load balancer cannot be known here.
 */
export function refuseLoops(
  listeners: readonly Json[],
  mirror: string,
  { name, endpoints }: Target,
  errors: IssueList,
): void {
  const places = listeners.flatMap(addressesOf);
  for (const { host, port } of endpoints) {
    const own = places.find(
      (place) =>
        place.port === port && (place.host === host || (ANY.includes(place.host) && LOOPBACK.test(host))),
    );
    if (own === undefined) continue;
    errors
      .at('mirrors')
      .at(mirror)
      .at('target')
      .add(
        `target "${name}" has ${host}:${port}, where this fleet itself listens: each copy would be copied again; give it the node's address`,
      );
  }
}

function addressesOf(listener: Json): readonly { readonly host: string; readonly port: number }[] {
  const all = [listener, ...objects(listener['additional_addresses'] ?? [])];
  return all.flatMap((one) => {
    const place = object(dig(one, 'address', 'socket_address'));
    const [host, port] = [place?.['address'], place?.['port_value']];
    return typeof host === 'string' && typeof port === 'number' && port > 0 ? [{ host, port }] : [];
  });
}
