import swagger from '@fastify/swagger';
import { Ajv } from 'ajv';
import Fastify, { type FastifyInstance, type FastifyReply, LogController } from 'fastify';
import { authorize } from './auth.ts';
import { configRoutes } from './configs.ts';
import type { ApiOptions } from './context.ts';
import { ApiError, type Problem, problem, problemOf } from './errors.ts';
import { dataPlaneRoutes } from './data-planes.ts';
import { eventRoutes } from './events.ts';
import { historyRoutes } from './history.ts';
import { nodeConfigRoutes } from './node-configs.ts';
import { nodeRoutes } from './nodes.ts';
import { objectRoutes } from './objects.ts';
import { rolloutRoutes } from './rollouts.ts';
import { RouteTable } from './route-table.ts';
import { stopRoutes } from './stops.ts';
import { systemRoutes } from './system.ts';

const MAX_BODY_BYTES = 1024 * 1024;

/** The REST server, not listening yet. */
export async function buildApi(options: ApiOptions): Promise<FastifyInstance> {
  const app = Fastify({
    // The types of the two servers differ in nothing that is used here.
    ...(options.tls && ({ https: { cert: options.tls.cert, key: options.tls.key } } as object)),
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 300 },
    ajv: {
      customOptions: { allErrors: true, coerceTypes: false, removeAdditional: false, useDefaults: false },
    },
    frameworkErrors: (error, _, reply) => void sendProblem(reply, problemOf(error)),
  });
  // Bodies are checked by the model, all errors at once; their schemas are for the document.
  const ajv = new Ajv({ allErrors: true, strict: false });
  app.setValidatorCompiler(({ schema, httpPart }) =>
    httpPart === 'body' ? () => true : ajv.compile(schema as object),
  );
  const routes = new RouteTable();
  app.addHook('onRoute', ({ method, url }) => routes.add(method, url));
  app.addHook('onRequest', (request, _, done) => {
    authorize(request, options);
    done();
  });
  app.setErrorHandler((error, request, reply) => {
    const found = problemOf(error);
    if (found.status >= 500 && !(error instanceof ApiError))
      request.log.error({ err: error, url: request.url }, 'a request failed');
    return sendProblem(reply, found);
  });
  app.setNotFoundHandler((request, reply) => {
    const allowed = routes.methods(request.url);
    if (allowed.length === 0)
      return sendProblem(
        reply,
        problem('not-found', `There is nothing at ${request.url.split('?')[0] ?? ''}`),
      );
    reply.header('allow', allowed.join(', '));
    return sendProblem(reply, problem('method-not-allowed', `It has ${allowed.join(', ')}`));
  });
  // Text is no object: 415, and not a complaint about its content.
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser(
    'application/merge-patch+json',
    { parseAs: 'string' },
    app.getDefaultJsonParser('error', 'error'),
  );
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'mirrorplane', description: 'Control plane for mirrored traffic', version: '1' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
  });
  await app.register(async (scope) => {
    systemRoutes(scope, options);
    objectRoutes(scope, options);
    dataPlaneRoutes(scope, options);
    nodeConfigRoutes(scope, options);
    nodeRoutes(scope, options);
    rolloutRoutes(scope, options);
    stopRoutes(scope, options);
    historyRoutes(scope, options);
    eventRoutes(scope, options);
    await scope.register((inner, _, done) => {
      configRoutes(inner, options);
      done();
    });
    scope.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  });
  await app.ready();
  return app;
}

function sendProblem(reply: FastifyReply, body: Problem): FastifyReply {
  if (body.status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.code(body.status).type('application/problem+json').send(body);
}
