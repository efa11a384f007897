import { type Json, dig, object, objects } from '../json.ts';
import { messageOf } from '../types.ts';
import type { HcmPlace } from './http-connection-managers.ts';

/** How requests reach the routes of one route configuration: what a copy's headers are made from. */
export interface Edge {
  /** Whether the owner says whom to trust about the client's address. */
  readonly trust: 'stated' | 'unstated';
  /** Scheme of the listeners; `mixed` where they differ or a proxy in front decides. */
  readonly scheme: 'http' | 'https' | 'mixed';
}

export function edgeOf(hcm: Json, place: HcmPlace): Edge {
  return {
    trust: statesTrust(hcm, place.listener) ? 'stated' : 'unstated',
    scheme: schemeOf(hcm, place.chain),
  };
}

/** Two edges that share routes: on doubt, what no client can forge. */
export function mergeEdges(a: Edge, b: Edge): Edge {
  return {
    trust: a.trust === 'stated' && b.trust === 'stated' ? 'stated' : 'unstated',
    scheme: a.scheme === b.scheme ? a.scheme : 'mixed',
  };
}

/**
 * Envoy trusts X-Forwarded-For of anybody unless told otherwise. Whoever wrote one of these fields took that decision.
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-for
 */
function statesTrust(hcm: Json, listener: Json): boolean {
  return (
    hcm['use_remote_address'] !== undefined ||
    hcm['xff_num_trusted_hops'] !== undefined ||
    objects(hcm['original_ip_detection_extensions']).length > 0 ||
    objects(listener['listener_filters']).some((filter) =>
      messageOf(dig(filter, 'typed_config', '@type')).endsWith('.ProxyProtocol'),
    )
  );
}

function schemeOf(hcm: Json, chain: Json | undefined): Edge['scheme'] {
  if (hcm['scheme_header_transformation'] !== undefined) return 'mixed';
  const socket = object(chain?.['transport_socket']);
  if (socket === undefined) return 'http';
  const type = messageOf(dig(socket, 'typed_config', '@type'));
  if (type.endsWith('.DownstreamTlsContext') || type.endsWith('.QuicDownstreamTransport')) return 'https';
  return type.endsWith('.RawBuffer') ? 'http' : 'mixed';
}
