import type { FastifyReply, FastifyRequest } from 'fastify';
import type { WriteContext, WriteOutcome } from '../control/types.ts';
import type { DeliverySummary } from '../delivery/types.ts';
import { parseDuration } from '../model/duration.ts';
import { IssueList } from '../model/issue.ts';
import { plainText, readFields, readText } from '../model/read.ts';
import type { ApiOptions } from './context.ts';
import { ApiError } from './errors.ts';

/** Query of every write. */
export interface WriteQuery {
  readonly dryRun?: string;
  readonly wait?: string;
  readonly timeout?: string;
}

const DEFAULT_WAIT_MS = 5000;
const MAX_WAIT_MS = 300_000;
const MAX_TEXT = 1000;

/** Who writes, why and on what condition, from the request's headers and query. */
export function writeContext(request: FastifyRequest, token: string | undefined): WriteContext {
  const query = request.query as WriteQuery;
  waitMs(query);
  return {
    author: text(request, 'x-author') ?? (token === undefined ? 'anonymous' : 'token'),
    reason: text(request, 'x-reason'),
    ifMatch: ifMatch(request.headers['if-match']),
    ifAbsent: ifAbsent(request.headers['if-none-match']),
    dryRun: query.dryRun === 'true' || query.dryRun === '',
  };
}

/** The same for a write that says nothing but why: in its body, too, as `reason`; the header wins. */
export function reasonContext(request: FastifyRequest, token: string | undefined): WriteContext {
  const context = writeContext(request, token);
  const issues = new IssueList();
  const fields = readFields(request.body ?? undefined, ['reason'], issues);
  const given = fields?.get('reason');
  const inBody = readText(given === '' ? undefined : given, plainText(MAX_TEXT), issues.at('reason'));
  if (issues.items.length > 0) throw new ApiError('invalid', 'The body is not valid', issues.items);
  return { ...context, reason: context.reason ?? inBody };
}

/** Headers are Latin-1 to Node; people write UTF-8. */
function text(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  if (typeof value !== 'string' || value === '') return undefined;
  const decoded = Buffer.from(value, 'latin1').toString('utf8');
  if (decoded.length > MAX_TEXT) {
    const issue = { path: `headers.${name}`, message: `must have at most ${MAX_TEXT} characters` };
    throw new ApiError('invalid', 'A header is not valid', [issue]);
  }
  return decoded;
}

function ifMatch(header: string | undefined): number | '*' | undefined {
  if (header === undefined) return undefined;
  if (header.trim() === '*') return '*';
  const revision = /^\s*"(\d{1,15})"\s*$/.exec(header)?.[1];
  if (revision !== undefined) return Number(revision);
  const message = 'must be * or one ETag as it was sent, such as "12"';
  throw new ApiError('invalid', 'A header is not valid', [{ path: 'headers.if-match', message }]);
}

function ifAbsent(header: string | undefined): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  const message = 'must be *: only if there is no such object';
  throw new ApiError('invalid', 'A header is not valid', [{ path: 'headers.if-none-match', message }]);
}

/** Undefined: the write is not waited for. */
function waitMs({ wait, timeout }: WriteQuery): number | undefined {
  if (wait === undefined) return undefined;
  const ms = timeout === undefined ? DEFAULT_WAIT_MS : parseDuration(timeout);
  if (ms !== undefined && ms <= MAX_WAIT_MS) return ms;
  const message = 'must be a duration of at most 5m, such as 500ms or 5s';
  throw new ApiError('invalid', 'The query is not valid', [{ path: 'querystring.timeout', message }]);
}

export interface WriteAnswer {
  readonly revision: number;
  readonly dryRun?: true;
  readonly diff: WriteOutcome['diff'];
  readonly warnings: WriteOutcome['warnings'];
  readonly checks: WriteOutcome['checks'];
  readonly delivery?: DeliverySummary;
}

/** Status, ETag and the part of the body that all writes have. Waits for the fleet where that was asked for. */
export async function answerWrite(
  { delivery }: ApiOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  outcome: WriteOutcome,
): Promise<WriteAnswer> {
  const query = request.query as WriteQuery;
  const dryRun = query.dryRun === 'true' || query.dryRun === '';
  const timeoutMs = dryRun ? undefined : waitMs(query);
  const gone = new AbortController();
  request.raw.once('close', () => {
    if (!reply.raw.writableFinished && request.raw.destroyed && reply.raw.destroyed) gone.abort();
  });
  const waited =
    timeoutMs === undefined
      ? undefined
      : await delivery.waitAcked(outcome.fleets, {
          timeoutMs,
          revision: outcome.revision,
          signal: gone.signal,
        });
  const revision = outcome.entry?.revision ?? outcome.revision;
  if (outcome.entry !== undefined && !dryRun) reply.header('etag', `"${revision}"`);
  reply.code(outcome.created && !dryRun ? 201 : 200);
  return {
    revision,
    ...(dryRun && { dryRun: true as const }),
    diff: outcome.diff,
    warnings: outcome.warnings,
    checks: outcome.checks,
    ...(waited && { delivery: waited }),
  };
}
