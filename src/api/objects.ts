import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { fleetsOf } from '../control/compile.ts';
import type { WriteContext, WriteOutcome } from '../control/types.ts';
import type { Issue } from '../model/issue.ts';
import { presentNodes } from '../model/node-status.ts';
import { formatPercent } from '../model/percent.ts';
import { type Presented, present } from '../model/present.ts';
import { type Entry, type Kinds } from '../model/state.ts';
import { stopOf } from '../model/stop.ts';
import type { Verdict } from '../model/verdict.ts';
import type { ApiOptions } from './context.ts';
import { ApiError } from './errors.ts';
import {
  extend,
  fleetBody,
  fleetStatus,
  listOf,
  mirrorBody,
  mirrorStatus,
  named,
  object,
  params,
  query,
  stopBody,
  writeAnswer,
  writeHeaders,
  writeQuery,
} from './schemas.ts';
import { targetBody, targetStatus } from './target-schemas.ts';
import { answerWrite, reasonContext, writeContext } from './writes.ts';

type ObjectKind = 'fleet' | 'target' | 'mirror';

interface ObjectRoutes<K extends ObjectKind> {
  readonly kind: K;
  readonly body: object;
  /** More that GET answers. */
  readonly status?: object;
  details?(entry: Entry<Kinds[K]>): Presented;
  put(name: string, body: unknown, context: WriteContext): Promise<WriteOutcome<K>>;
  patch(name: string, body: unknown, context: WriteContext): Promise<WriteOutcome<K>>;
}

/** Fleets, targets and mirrors: list, GET, PUT, PATCH, DELETE. */
export function objectRoutes(app: FastifyInstance, options: ApiOptions): void {
  const { control, delivery, probes } = options;
  addRoutes(app, options, {
    kind: 'fleet',
    body: fleetBody,
    status: { status: extend(fleetStatus, { stop: stopBody }) },
    details: ({ value }) => ({
      status: { ...delivery.inspector.fleetStatus(value.name), ...shownStop(options, value.name) },
    }),
    put: (name, body, context) => control.putFleet(name, body, context),
    patch: (name, body, context) => control.patchFleet(name, body, context),
  });
  addRoutes(app, options, {
    kind: 'target',
    body: targetBody,
    status: { status: targetStatus },
    details: ({ value }) => {
      const nodes = probes.nodes(value.name);
      const rejected = rejectedBy(options, value.name);
      if (nodes === undefined && rejected.length === 0) return {};
      return { status: { ...(nodes && presentNodes(nodes)), ...(rejected.length > 0 && { rejected }) } };
    },
    put: (name, body, context) => control.putTarget(name, body, context),
    patch: (name, body, context) => control.patchTarget(name, body, context),
  });
  addRoutes(app, options, {
    kind: 'mirror',
    body: mirrorBody,
    status: { status: mirrorStatus },
    details: ({ value }) => ({
      status: {
        percent: formatPercent(value.percent),
        ...delivery.inspector.mirrorStatus(value.fleet, value.name),
        warnings: control.standing(value.name),
        ...shownStop(options, value.fleet),
      },
    }),
    put: async (name, body, context) => withHints(options, await control.putMirror(name, body, context)),
    patch: async (name, body, context) => withHints(options, await control.patchMirror(name, body, context)),
  });
  addLoad(app, options);
}

/** Fleets that copy to it, of which the nodes do not have what was written last. */
function rejectedBy({ control, delivery }: ApiOptions, target: string): readonly Verdict[] {
  const fleets = new Set(fleetsOf(control.state, 'target', target));
  return [...fleets].flatMap((fleet) => delivery.inspector.fleetStatus(fleet)?.rejected ?? []);
}

/** The series that a page can draw. */
function addLoad(app: FastifyInstance, { control, delivery }: ApiOptions): void {
  const number = { type: 'number' };
  const points = object({
    at: { type: 'string' },
    copies: { type: 'object', additionalProperties: number },
    primary: {
      type: 'object',
      additionalProperties: number,
      description: 'Absent where the counters cannot tell',
    },
  });
  app.get(
    '/v1/mirrors/:name/load',
    {
      schema: {
        tags: ['mirrors'],
        summary: 'Load reports of the last hour, by second',
        params: params('name'),
        querystring: query({}),
        response: { 200: listOf(points) },
      },
    },
    (request) => {
      const { name } = request.params as { name: string };
      const mirror = control.state.mirror.get(name)?.value;
      if (mirror === undefined) throw new ApiError('not-found', `There is no mirror "${name}"`);
      const found = delivery.inspector.load(mirror.fleet, name)?.points(0) ?? [];
      return { items: found.map(({ at, ...point }) => ({ at: new Date(at).toISOString(), ...point })) };
    },
  );
}

function addRoutes<K extends ObjectKind>(
  app: FastifyInstance,
  options: ApiOptions,
  routes: ObjectRoutes<K>,
): void {
  const { control, token } = options;
  const { kind, body } = routes;
  const path = `/v1/${kind}s`;
  const tags = [`${kind}s`];
  const whole = extend(body, { ...named, ...routes.status });
  const written = {
    200: extend(body, { ...named, ...writeAnswer }),
    201: extend(body, { ...named, ...writeAnswer }),
  };
  const shown = (entry: Entry<Kinds[K]>): Presented => ({
    ...present(kind, entry.value),
    revision: entry.revision,
    ...routes.details?.(entry),
  });
  const entries = (): ReadonlyMap<string, Entry<Kinds[K]>> =>
    control.state[kind] as ReadonlyMap<string, Entry<Kinds[K]>>;
  const nameOf = (request: FastifyRequest): string => (request.params as { name: string }).name;
  const answer = async (
    request: FastifyRequest,
    reply: FastifyReply,
    outcome: WriteOutcome<K>,
  ): Promise<object> => ({
    ...(outcome.entry && present(kind, outcome.entry.value)),
    ...(await answerWrite(options, request, reply, outcome)),
  });

  app.get(
    path,
    { schema: { tags, summary: `All ${kind}s`, querystring: query({}), response: { 200: listOf(whole) } } },
    () => ({
      items: [...entries().values()].sort((a, b) => (a.value.name < b.value.name ? -1 : 1)).map(shown),
    }),
  );
  const schema = { tags, params: params('name') };
  app.get(
    `${path}/:name`,
    { schema: { ...schema, summary: `One ${kind}`, querystring: query({}), response: { 200: whole } } },
    (request, reply) => {
      const entry = entries().get(nameOf(request));
      if (entry === undefined) throw new ApiError('not-found', `There is no ${kind} "${nameOf(request)}"`);
      reply.header('etag', `"${entry.revision}"`);
      return shown(entry);
    },
  );
  const write = { ...schema, querystring: query(writeQuery), headers: writeHeaders, response: written };
  app.put(
    `${path}/:name`,
    { schema: { ...write, summary: `Make or replace a ${kind}`, body } },
    async (request, reply) =>
      answer(request, reply, await routes.put(nameOf(request), request.body, writeContext(request, token))),
  );
  const patchBody = { ...body, required: undefined, description: 'JSON merge patch (RFC 7396)' };
  const consumes = ['application/merge-patch+json', 'application/json'];
  app.patch(
    `${path}/:name`,
    { schema: { ...write, summary: `Change a ${kind}`, body: patchBody, consumes } },
    async (request, reply) =>
      answer(request, reply, await routes.patch(nameOf(request), request.body, writeContext(request, token))),
  );
  const removed = { 200: object(writeAnswer) };
  app.delete(
    `${path}/:name`,
    { schema: { ...write, summary: `Delete a ${kind}`, response: removed } },
    async (request, reply) =>
      answer(request, reply, await control.remove(kind, nameOf(request), reasonContext(request, token))),
  );
}

function shownStop({ control }: ApiOptions, fleet: string): object {
  const stop = stopOf(control.state.stop, fleet);
  return stop === undefined ? {} : { stop: present('stop', stop) };
}

/** Envoy draws once per request, and compares the draw with each policy's share. */
function withHints(options: ApiOptions, outcome: WriteOutcome<'mirror'>): WriteOutcome<'mirror'> {
  const { control } = options;
  const mirror = outcome.entry?.value;
  const others = [...control.state.mirror.values()]
    .map(({ value }) => value)
    .filter(({ fleet, name }) => fleet === mirror?.fleet && name !== mirror.name)
    .map(({ name }) => name);
  if (mirror === undefined) return outcome;
  const stop = stopOf(control.state.stop, mirror.fleet);
  const warnings: Issue[] = [...outcome.warnings];
  if (stop !== undefined) {
    const message = `a stop by ${stop.by} holds the fleet: nothing is copied until it is released`;
    warnings.push({ path: 'percent', message });
  }
  if (others.length > 0) warnings.push({ path: 'percent', message: nested(others) });
  return { ...outcome, warnings };
}

function nested(others: readonly string[]): string {
  return `on routes it shares with ${others.join(', ')} all draw once per request: the smaller share is part of the larger`;
}
