import type { FastifyInstance } from 'fastify';
import type { ApiOptions } from './context.ts';
import { ApiError } from './errors.ts';
import {
  listOf,
  object,
  params,
  query,
  revisionBody,
  writeAnswer,
  writeHeaders,
  writeQuery,
} from './schemas.ts';
import { answerWrite, reasonContext } from './writes.ts';

const MAX_PAGE = 500;

/** Revisions: newest first, one by one, and back to one. */
export function historyRoutes(app: FastifyInstance, options: ApiOptions): void {
  const { control, token } = options;
  const tags = ['revisions'];
  const number = { type: 'string', pattern: '^[0-9]{1,15}$' };
  const page = query({
    limit: { ...number, description: `At most ${MAX_PAGE}; default 50` },
    before: { ...number, description: 'Only those below' },
  });
  app.get(
    '/v1/revisions',
    {
      schema: {
        tags,
        summary: 'The history, newest first',
        querystring: page,
        response: { 200: listOf(revisionBody) },
      },
    },
    async (request) => {
      const { limit, before } = request.query as { limit?: string; before?: string };
      const items = await control.revisions({
        limit: Math.min(MAX_PAGE, Math.max(1, Number(limit ?? 50))),
        ...(before !== undefined && { before: Number(before) }),
      });
      return { items };
    },
  );
  const one = { tags, params: params('revision') };
  app.get(
    '/v1/revisions/:revision',
    {
      schema: {
        ...one,
        summary: 'One revision with its diff',
        querystring: query({}),
        response: { 200: revisionBody },
      },
    },
    async (request) => {
      const n = numberOf(request.params);
      const revision = await control.revision(n);
      return { ...revision, verdicts: await control.verdicts(n) };
    },
  );
  app.post(
    '/v1/revisions/:revision/restore',
    {
      schema: {
        ...one,
        summary: 'Make everything what it was right after that revision, as a new revision',
        querystring: query(writeQuery),
        headers: writeHeaders,
        response: { 200: object(writeAnswer) },
      },
    },
    async (request, reply) => {
      const outcome = await control.restore(numberOf(request.params), reasonContext(request, token));
      return answerWrite(options, request, reply, outcome);
    },
  );
}

function numberOf(given: unknown): number {
  const { revision } = given as { revision: string };
  if (!/^\d{1,15}$/.test(revision)) throw new ApiError('not-found', `There is no revision "${revision}"`);
  return Number(revision);
}
