import { type Json, object, objects } from '../../schema/json.ts';
import { wholeHost } from '../config/hosts.ts';
import { DESTINATION_RULE, type Resource, VIRTUAL_SERVICE } from '../types.ts';

/**
 * The spec with short hosts made whole. What istiod reads from Kubernetes or from files it completes with the cluster's
 * domain; of what comes over MCP it makes `httpbin.default`, which is no service: the route would answer 503. Seen with
 * istiod 1.31. Written back, the same again: istiod changes its own copy, too, which is read back.
 */
export function withWholeHosts({ kind, metadata: { namespace }, spec }: Resource): Json {
  const whole = (host: unknown): unknown => (typeof host === 'string' ? wholeHost(host, namespace) : host);
  if (kind === DESTINATION_RULE) return { ...spec, host: whole(spec['host']) };
  if (kind !== VIRTUAL_SERVICE) return spec;
  const at = (json: Json, key: string): Json => {
    const destination = object(json[key]);
    return destination === undefined
      ? json
      : { ...json, [key]: { ...destination, host: whole(destination['host']) } };
  };
  const list = (json: Json, key: string, change: (item: Json) => Json): Json =>
    json[key] === undefined ? json : { ...json, [key]: objects(json[key]).map(change) };
  const route = (json: Json): Json =>
    list(
      list(at(json, 'mirror'), 'mirrors', (item) => at(item, 'destination')),
      'route',
      (item) => at(item, 'destination'),
    );
  const hosts = spec['hosts'];
  const routed = ['http', 'tls', 'tcp'].reduce((json, key) => list(json, key, route), spec);
  return Array.isArray(hosts) ? { ...routed, hosts: hosts.map(whole) } : routed;
}
