import type { FastifyInstance } from 'fastify';
import type { ApiOptions } from './context.ts';
import { ApiError } from './errors.ts';
import { listOf, nodeStatus, params, query } from './schemas.ts';

/** Nodes that connected, and what each said of what it was sent. */
export function nodeRoutes(app: FastifyInstance, { delivery }: ApiOptions): void {
  const tags = ['nodes'];
  const filter = query({ fleet: { type: 'string' } });
  app.get(
    '/v1/nodes',
    { schema: { tags, summary: 'All nodes', querystring: filter, response: { 200: listOf(nodeStatus) } } },
    (request) => ({
      items: delivery.inspector.nodes((request.query as { fleet?: string }).fleet),
    }),
  );
  app.get(
    '/v1/nodes/:id',
    {
      schema: {
        tags,
        summary: 'One node',
        params: params('id'),
        querystring: query({}),
        response: { 200: nodeStatus },
      },
    },
    (request) => {
      const { id } = request.params as { id: string };
      const node = delivery.inspector.node(id);
      if (node === undefined) throw new ApiError('not-found', `No node "${id}" has connected`);
      return node;
    },
  );
}
