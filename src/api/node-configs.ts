import type { FastifyInstance } from 'fastify';
import { fleetsOf } from '../control/compile.ts';
import { NETWORK_RULE, nodeConfig, parseNetwork } from '../model/node-config.ts';
import type { ApiOptions } from './context.ts';
import { ApiError } from './errors.ts';
import { params, query } from './schemas.ts';

/** The other side of a mirror: what is to be configured on the node that takes its copies. */
export function nodeConfigRoutes(app: FastifyInstance, { control, delivery }: ApiOptions): void {
  const edge = { type: 'string', maxLength: 64 };
  const schema = {
    tags: ['targets'],
    summary: "A Wallarm node's NGINX configuration for these copies",
    params: params('name'),
    querystring: query({
      edge: {
        anyOf: [edge, { type: 'array', items: edge, maxItems: 1000 }],
        description: 'Address or CIDR of edges besides those that are connected; can be repeated',
      },
    }),
    response: { 200: { type: 'string' } },
  };
  app.get('/v1/targets/:name/node-config', { schema }, (request, reply) => {
    const { name } = request.params as { name: string };
    const target = control.state.target.get(name)?.value;
    if (target === undefined) throw new ApiError('not-found', `There is no target "${name}"`);
    if (target.kind === undefined) {
      const message = `target "${name}" is not said to be a Wallarm node: PATCH it with {"kind":"wallarm"}`;
      throw new ApiError('conflict', message, [{ path: 'kind', message: 'is not "wallarm"' }]);
    }
    const named = readEdges((request.query as { edge?: string | string[] }).edge);
    const known = [...new Set(fleetsOf(control.state, 'target', name))].flatMap((fleet) =>
      delivery.inspector.addresses(fleet),
    );
    const edges = [...named, ...known.flatMap((address) => parseNetwork(address) ?? [])];
    return reply.type('text/plain; charset=utf-8').send(nodeConfig(target, edges));
  });
}

function readEdges(given: string | string[] = []): readonly string[] {
  const networks = [given].flat().map((text) => parseNetwork(text));
  const issues = networks.flatMap((network, index) =>
    network === undefined ? [{ path: `querystring.edge[${index}]`, message: NETWORK_RULE }] : [],
  );
  if (issues.length > 0) throw new ApiError('invalid', 'The query is not valid', issues);
  return networks.filter((network) => network !== undefined);
}
