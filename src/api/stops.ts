import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { WriteOutcome } from '../control/types.ts';
import { present } from '../model/present.ts';
import { EVERY_FLEET } from '../model/stop.ts';
import type { ApiOptions } from './context.ts';
import { listOf, object, params, query, stopBody, writeAnswer, writeHeaders, writeQuery } from './schemas.ts';
import { answerWrite, reasonContext } from './writes.ts';

/** The stop for all: of one fleet, or of every fleet. It holds until it is released, and wins over rollouts. */
export function stopRoutes(app: FastifyInstance, options: ApiOptions): void {
  const { control, token } = options;
  const tags = ['stops'];
  app.get(
    '/v1/stops',
    {
      schema: {
        tags,
        summary: 'All stops that hold',
        querystring: query({}),
        response: { 200: listOf(stopBody) },
      },
    },
    () => ({ items: [...control.state.stop.values()].map(({ value }) => present('stop', value)) }),
  );
  const answer = async (
    request: FastifyRequest,
    reply: FastifyReply,
    outcome: WriteOutcome<'stop'>,
  ): Promise<object> => ({
    ...(outcome.entry && { stop: present('stop', outcome.entry.value) }),
    ...(await answerWrite(options, request, reply, outcome)),
  });
  const response = {
    200: object({ stop: stopBody, ...writeAnswer }),
    201: object({ stop: stopBody, ...writeAnswer }),
  };
  const schema = { tags, querystring: query(writeQuery), headers: writeHeaders, response };
  const paths = [
    { path: '/v1/stop', what: 'in every fleet', fleetOf: () => EVERY_FLEET },
    {
      path: '/v1/fleets/:fleet/stop',
      what: 'in one fleet',
      fleetOf: (request: FastifyRequest) => (request.params as { fleet: string }).fleet,
    },
  ];
  for (const { path, what, fleetOf } of paths) {
    const place = path.includes(':') ? { params: params('fleet') } : {};
    app.put(
      path,
      { schema: { ...schema, ...place, summary: `Copy nothing ${what}, until it is released` } },
      async (request, reply) =>
        answer(request, reply, await control.stop(fleetOf(request), reasonContext(request, token))),
    );
    app.delete(
      path,
      { schema: { ...schema, ...place, summary: `Release the stop ${what}` } },
      async (request, reply) =>
        answer(request, reply, await control.release(fleetOf(request), reasonContext(request, token))),
    );
  }
}
