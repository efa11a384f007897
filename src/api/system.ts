import type { FastifyInstance } from 'fastify';
import { createMetrics } from '../telemetry/metrics.ts';
import type { ApiOptions } from './context.ts';
import { ApiError } from './errors.ts';
import { object, query } from './schemas.ts';

/** Health, readiness and metrics. */
export function systemRoutes(app: FastifyInstance, { control, delivery, probes, ready }: ApiOptions): void {
  const tags = ['system'];
  const answer = { 200: object({ status: { type: 'string' } }) };
  const metrics = createMetrics(control, delivery, (target) => probes.nodes(target));
  app.addHook('onResponse', (request, reply, done) => {
    metrics.observeRequest(
      request.method,
      request.routeOptions.url ?? 'none',
      reply.statusCode,
      reply.elapsedTime / 1000,
    );
    done();
  });
  app.addHook('onClose', () => metrics.close());
  app.get(
    '/healthz',
    { schema: { tags, summary: 'The process lives', querystring: query({}), response: answer } },
    () => ({ status: 'ok' }),
  );
  app.get(
    '/readyz',
    {
      schema: {
        tags,
        summary: 'The store is loaded and xDS serves',
        querystring: query({}),
        response: answer,
      },
    },
    () => {
      if (!ready()) throw new ApiError('unavailable', 'Starting, or stopping');
      return { status: 'ready' };
    },
  );
  app.get(
    '/metrics',
    {
      schema: {
        tags,
        summary: 'Prometheus metrics',
        querystring: query({}),
        response: { 200: { type: 'string' } },
      },
    },
    async (_, reply) => reply.type(metrics.contentType).send(await metrics.render()),
  );
}
