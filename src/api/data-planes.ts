import type { FastifyInstance } from 'fastify';
import type { Polled } from '../dataplanes/data-plane.ts';
import type { ApiOptions } from './context.ts';
import { ApiError } from './errors.ts';
import { listOf, object, params, query } from './schemas.ts';

const TAGS = ['dataplanes'];
const NODE_ID = {
  type: 'string',
  pattern: '^[!-~]{1,253}$',
  description: 'The node id: 1 to 253 printable ASCII characters without spaces',
};

/** What each kind of data plane can do, and what those get that do not speak xDS. */
export function dataPlaneRoutes(app: FastifyInstance, options: ApiOptions): void {
  addList(app, options);
  addRendered(app, options);
  for (const { polled } of options.dataPlanes.values()) {
    if (polled !== undefined) addPolled(app, options, polled);
  }
}

function addList(app: FastifyInstance, { dataPlanes }: ApiOptions): void {
  const able = object({
    name: { type: 'string' },
    percentStep: { type: 'number', description: 'A percent is rounded to a multiple of this' },
    sampling: { type: 'string', enum: ['random', 'counter'] },
    copy: { type: 'object', additionalProperties: { type: 'boolean' } },
    selectors: { type: 'array', items: { type: 'string' } },
    fleetShare: { type: 'boolean', description: 'Whether a rollout can go to a share of the nodes' },
    expiresAfter: { type: 'boolean' },
    loadReports: { type: 'boolean' },
    applied: { type: 'string', description: 'How it is known that something is in force' },
    config: { type: 'string', description: "What a fleet's config is" },
    renderings: { type: 'array', items: { type: 'string' } },
  });
  app.get(
    '/v1/dataplanes',
    {
      schema: {
        tags: TAGS,
        summary: 'The kinds of data plane, and what each can do',
        querystring: query({}),
        response: { 200: listOf(able) },
      },
    },
    () => ({
      items: [...dataPlanes].map(([name, { capabilities, renderings }]) => ({
        name,
        ...capabilities,
        percentStep: capabilities.percentStep / 10_000,
        renderings: Object.keys(renderings),
      })),
    }),
  );
}

function addRendered(app: FastifyInstance, { control, delivery, dataPlanes }: ApiOptions): void {
  app.get(
    '/v1/fleets/:fleet/rendered',
    {
      schema: {
        tags: TAGS,
        summary: 'What would be served, as a text for those who apply it themselves',
        params: params('fleet'),
        querystring: query({
          format: { type: 'string', description: "One of the data plane's renderings; default: its first" },
          node: NODE_ID,
        }),
        response: { 200: { type: 'string' } },
      },
    },
    (request, reply) => {
      const { fleet: name } = request.params as { fleet: string };
      const { format, node } = request.query as { format?: string; node?: string };
      const fleet = control.state.fleet.get(name)?.value;
      const compiled = delivery.inspector.compiled(name, node);
      if (fleet === undefined || compiled === undefined)
        throw new ApiError('not-found', `Fleet "${name}" is not there or has no config`);
      const renderings = new Map(Object.entries(dataPlanes.get(fleet.dataPlane)?.renderings ?? {}));
      const render = renderings.get(format ?? [...renderings.keys()][0] ?? '');
      if (render === undefined) {
        const known = [...renderings.keys()].join(', ');
        throw new ApiError('invalid', 'The query is not valid', [
          {
            path: 'querystring.format',
            message: `a fleet of ${fleet.dataPlane} can be rendered as ${known}`,
          },
        ]);
      }
      return reply.type('text/plain; charset=utf-8').send(render(compiled));
    },
  );
}

function addPolled(
  app: FastifyInstance,
  { control, delivery, dataPlanes }: ApiOptions,
  polled: Polled,
): void {
  app.get(
    `/v1/fleets/:fleet/${polled.path}`,
    {
      config: { forNodes: true },
      schema: {
        tags: TAGS,
        summary: `What a ${polled.path} of the fleet fetches`,
        description:
          'Nothing to serve is 503, never an empty document: whoever asks keeps what it has. Each asks with a node id of its own; without one nobody is waited for, nor read back.',
        params: params('fleet'),
        querystring: query({ node: NODE_ID }),
        response: { 200: { type: 'string' } },
      },
    },
    (request, reply) => {
      const { fleet: name } = request.params as { fleet: string };
      const { node } = request.query as { node?: string };
      const fleet = control.state.fleet.get(name)?.value;
      if (fleet === undefined) throw new ApiError('not-found', `There is no fleet "${name}"`);
      if (dataPlanes.get(fleet.dataPlane)?.polled !== polled)
        throw new ApiError('conflict', `Fleet "${name}" is one of ${fleet.dataPlane}`);
      // Whoever gives no id only looks: a node is waited for.
      const info = node !== undefined && { id: node, cluster: fleet.nodeCluster, version: undefined };
      const document = info
        ? delivery.poll(name, { node: info, peer: request.ip })
        : delivery.inspector.peek(name);
      if (document === undefined)
        throw new ApiError('unavailable', `Fleet "${name}" has nothing to serve: keep what you have`);
      return reply.type(polled.contentType).header('cache-control', 'no-store').send(document);
    },
  );
}
