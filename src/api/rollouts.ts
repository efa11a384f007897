import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { WriteOutcome } from '../control/types.ts';
import { type Presented, present } from '../model/present.ts';
import { VERBS } from '../model/rollout-commands.ts';
import type { Entry, Kinds } from '../model/state.ts';
import type { ApiOptions } from './context.ts';
import { ApiError } from './errors.ts';
import { rolloutBody, rolloutStatus } from './rollout-schemas.ts';
import {
  extend,
  listOf,
  named,
  object,
  params,
  query,
  writeAnswer,
  writeHeaders,
  writeQuery,
} from './schemas.ts';
import { answerWrite, reasonContext, writeContext } from './writes.ts';

type RolloutEntry = Entry<Kinds['rollout']>;

/** Plans, and what an operator says to them: start, pause, resume, advance, abort, retry. */
export function rolloutRoutes(app: FastifyInstance, options: ApiOptions): void {
  const { control, rollouts, token } = options;
  const tags = ['rollouts'];
  const whole = extend(rolloutBody, { ...named, status: rolloutStatus });
  const written = extend(rolloutBody, { ...named, status: rolloutStatus, ...writeAnswer });
  const nameOf = (request: FastifyRequest): string => (request.params as { name: string }).name;
  const shown = ({ value, revision }: RolloutEntry): Presented => {
    const form = present('rollout', value);
    const gates = rollouts.readings(value.name);
    return { ...form, revision, status: { ...(form['status'] as object), ...(gates && { gates }) } };
  };
  const answer = async (
    request: FastifyRequest,
    reply: FastifyReply,
    outcome: WriteOutcome<'rollout'>,
  ): Promise<object> => ({
    ...(outcome.entry && shown(outcome.entry)),
    ...(await answerWrite(options, request, reply, outcome)),
  });

  app.get(
    '/v1/rollouts',
    { schema: { tags, summary: 'All rollouts', querystring: query({}), response: { 200: listOf(whole) } } },
    () => ({
      items: [...control.state.rollout.values()]
        .sort((a, b) => (a.value.name < b.value.name ? -1 : 1))
        .map(shown),
    }),
  );
  const schema = { tags, params: params('name') };
  app.get(
    '/v1/rollouts/:name',
    { schema: { ...schema, summary: 'One rollout', querystring: query({}), response: { 200: whole } } },
    (request, reply) => {
      const entry = control.state.rollout.get(nameOf(request));
      if (entry === undefined) throw new ApiError('not-found', `There is no rollout "${nameOf(request)}"`);
      reply.header('etag', `"${entry.revision}"`);
      return shown(entry);
    },
  );
  const write = { ...schema, querystring: query(writeQuery), headers: writeHeaders };
  app.put(
    '/v1/rollouts/:name',
    {
      schema: {
        ...write,
        summary: 'Make or replace a plan; it is started by its verb, or at its startAt',
        body: rolloutBody,
        response: { 200: written, 201: written },
      },
    },
    async (request, reply) =>
      answer(
        request,
        reply,
        await control.putRollout(nameOf(request), request.body, writeContext(request, token)),
      ),
  );
  app.delete(
    '/v1/rollouts/:name',
    {
      schema: {
        ...write,
        summary: 'Delete a rollout that does not move',
        response: { 200: object(writeAnswer) },
      },
    },
    async (request, reply) =>
      answer(request, reply, await control.removeRollout(nameOf(request), reasonContext(request, token))),
  );
  for (const verb of VERBS) {
    app.post(
      `/v1/rollouts/:name/${verb}`,
      {
        schema: {
          ...write,
          summary: `${verb} a rollout; said again, it changes nothing`,
          response: { 200: written },
        },
      },
      async (request, reply) => {
        const name = nameOf(request);
        const begins = verb === 'start' || verb === 'retry';
        const before = begins ? rollouts.before(name) : undefined;
        const context = reasonContext(request, token);
        return answer(request, reply, await control.commandRollout(name, verb, context, before));
      },
    );
  }
}
