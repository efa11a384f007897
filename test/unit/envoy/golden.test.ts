import { createEnvoyDataPlane, loadSchema } from '../../../src/dataplanes/envoy/index.ts';
import { type GoldenCase, buildCase, goldenTests } from '../../support/golden.ts';

const schema = loadSchema();

const TYPES: Readonly<Record<string, string>> = {
  runtimes: 'envoy.service.runtime.v3.Runtime',
  secrets: 'envoy.extensions.transport_sockets.tls.v3.Secret',
  clusters: 'envoy.config.cluster.v3.Cluster',
  endpoints: 'envoy.config.endpoint.v3.ClusterLoadAssignment',
  listeners: 'envoy.config.listener.v3.Listener',
  routes: 'envoy.config.route.v3.RouteConfiguration',
};

goldenTests('', (input: GoldenCase & { readonly variant?: string }) => {
  const built = buildCase(createEnvoyDataPlane(schema), 'edge', input);
  if ('issues' in built) return built;
  const snapshot = built.compiled.snapshot(input.variant ?? 'runtime');
  // What is pushed, decoded again from its bytes, and not the JSON it was made from.
  const pushed = Object.keys(built.compiled.resources()).map((list) => {
    const type = snapshot.types.get(`type.googleapis.com/${TYPES[list] ?? ''}`);
    return [list, [...(type?.resources.values() ?? [])].map(({ body }) => schema.decodeAny(body))];
  });
  return { ...built.said, ...Object.fromEntries(pushed) };
});
