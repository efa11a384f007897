import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ApiOptions } from './context.ts';
import { hostName } from './auth.ts';
import { ApiError } from './errors.ts';
import { named, object, params, query, writeAnswer, writeHeaders, writeQuery } from './schemas.ts';
import { answerWrite, writeContext } from './writes.ts';

const MAX_CONFIG_BYTES = 32 * 1024 * 1024;
const YAML_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml', 'text/plain'];
const TAGS = ['fleets'];

/** A fleet's native configuration, what is made of it, and the bootstrap of its nodes. */
export function configRoutes(app: FastifyInstance, options: ApiOptions): void {
  // A text as its owner wrote it: it is kept so, and parsed by the data plane.
  app.removeAllContentTypeParsers();
  for (const type of [...YAML_TYPES, 'application/json']) {
    app.addContentTypeParser(type, { parseAs: 'string', bodyLimit: MAX_CONFIG_BYTES }, (_, body, done) =>
      done(null, body),
    );
  }
  addPut(app, options);
  addReads(app, options);
}

function fleetOf(request: FastifyRequest): string {
  return (request.params as { fleet: string }).fleet;
}

function addPut(app: FastifyInstance, options: ApiOptions): void {
  const { control, token } = options;
  const schema = {
    tags: TAGS,
    summary: "Take in a fleet's native configuration; makes the fleet if there is none",
    description:
      'For Envoy: a bootstrap, a static_resources block, or lists by type; YAML or JSON by Content-Type. What others take is in GET /v1/dataplanes.',
    params: params('fleet'),
    querystring: query({
      ...writeQuery,
      adopt: {
        type: 'string',
        enum: ['true', 'false'],
        description: 'Make targets and mirrors of its mirror policies; default true',
      },
    }),
    headers: writeHeaders,
    consumes: ['application/yaml', 'application/json'],
    body: { type: 'string' },
    response: {
      200: object({
        ...named,
        counts: { type: 'object', additionalProperties: { type: 'integer' } },
        adopted: object({
          targets: { type: 'array', items: { type: 'string' } },
          mirrors: { type: 'array', items: { type: 'string' } },
        }),
        ...writeAnswer,
      }),
    },
  };
  app.put('/v1/fleets/:fleet/config', { schema, bodyLimit: MAX_CONFIG_BYTES }, async (request, reply) => {
    if (typeof request.body !== 'string')
      throw new ApiError('unsupported-media-type', 'Send the config as application/yaml or application/json');
    const type = request.headers['content-type'] ?? '';
    const input = {
      text: request.body,
      format: type.startsWith('application/json') ? ('json' as const) : ('yaml' as const),
      adopt: (request.query as { adopt?: string }).adopt !== 'false',
    };
    const outcome = await control.putConfig(fleetOf(request), input, writeContext(request, token));
    const { counts, adopted } = outcome;
    return {
      name: fleetOf(request),
      counts,
      adopted,
      ...(await answerWrite(options, request, reply, outcome)),
    };
  });
}

function addReads(
  app: FastifyInstance,
  { control, delivery, dataPlanes, renderBootstrap }: ApiOptions,
): void {
  const schema = { tags: TAGS, params: params('fleet') };
  app.get(
    '/v1/fleets/:fleet/config',
    {
      schema: {
        ...schema,
        summary: 'The configuration as its owner wrote it',
        querystring: query({}),
        response: { 200: { type: 'string' } },
      },
    },
    async (request, reply) => {
      const { text, format } = await control.nativeConfigText(fleetOf(request));
      const entry = control.state.config.get(fleetOf(request));
      if (entry !== undefined) reply.header('etag', `"${entry.revision}"`);
      const kind = control.state.fleet.get(fleetOf(request))?.value.dataPlane ?? '';
      const plain = dataPlanes.get(kind)?.textType ?? 'application/yaml';
      return reply.type(format === 'json' ? 'application/json' : plain).send(text);
    },
  );
  const variant = {
    type: 'string',
    enum: ['runtime', 'no-expiry', 'route', 'unmirrored'],
    description:
      'Percent by RTDS (default), the same without what expires, in the route, or no mirrors at all',
  };
  const resources = { type: 'object', additionalProperties: { type: 'array', items: {} } };
  app.get(
    '/v1/fleets/:fleet/resources',
    {
      schema: {
        ...schema,
        summary: 'What is pushed, by type',
        querystring: query({
          variant,
          node: { type: 'string', description: 'What the node of this id is to have' },
        }),
        response: { 200: resources },
      },
    },
    (request) => {
      const { variant: wanted, node } = request.query as { variant?: string; node?: string };
      const compiled = delivery.inspector.compiled(fleetOf(request), node);
      if (compiled === undefined)
        throw new ApiError('not-found', `Fleet "${fleetOf(request)}" is not there or has no config`);
      return compiled.resources(wanted);
    },
  );
  const bootstrapQuery = query({
    node: {
      type: 'string',
      pattern: '^[!-~]{1,253}$',
      description: 'The node id: 1 to 253 printable ASCII characters without spaces',
    },
    adminPort: {
      type: 'string',
      pattern: '^\\d{1,5}$',
      description: "Port of Envoy's admin on 127.0.0.1; default 9901",
    },
  });
  app.get(
    '/v1/fleets/:fleet/bootstrap',
    {
      schema: {
        ...schema,
        summary: 'A complete Envoy bootstrap',
        querystring: bootstrapQuery,
        response: { 200: { type: 'string' } },
      },
    },
    (request, reply) => {
      const fleet = control.state.fleet.get(fleetOf(request))?.value;
      if (fleet === undefined) throw new ApiError('not-found', `There is no fleet "${fleetOf(request)}"`);
      const { node, adminPort } = request.query as { node?: string; adminPort?: string };
      const port = adminPort === undefined ? undefined : Number(adminPort);
      if (port !== undefined && port > 65_535) {
        throw new ApiError('invalid', 'The query is not valid', [
          { path: 'querystring.adminPort', message: 'must be a port' },
        ]);
      }
      const text = renderBootstrap({
        fleet,
        node,
        xdsHost: hostName(request.headers.host ?? ''),
        adminPort: port,
      });
      if (text === undefined)
        throw new ApiError(
          'conflict',
          `Fleet "${fleet.name}" is one of ${fleet.dataPlane}: it has no bootstrap`,
        );
      return reply.type('application/yaml').send(text);
    },
  );
}
