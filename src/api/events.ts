import type { FastifyInstance, FastifyReply } from 'fastify';
import { presentRollout } from '../model/present-rollout.ts';
import type { ApiOptions } from './context.ts';
import { ApiError } from './errors.ts';
import { query } from './schemas.ts';

const MAX_LISTENERS = 100;
/** A reader that is this far behind is cut off: it must not cost us memory. */
const MAX_BACKLOG_BYTES = 4 * 1024 * 1024;
const HEARTBEAT_MS = 15_000;

/** Server-sent events: `revision`, and what happens to nodes. https://html.spec.whatwg.org/multipage/server-sent-events.html */
export function eventRoutes(
  app: FastifyInstance,
  { control, delivery, probes, rollouts, clock }: ApiOptions,
): void {
  const open = new Set<FastifyReply['raw']>();
  let id = 0;

  function send(event: string, data: object): void {
    if (open.size === 0) return;
    id += 1;
    const text = `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify({ time: clock().toISOString(), ...data })}\n\n`;
    for (const stream of open) write(stream, text);
  }

  function write(stream: FastifyReply['raw'], text: string): void {
    stream.write(text);
    if (stream.writableLength > MAX_BACKLOG_BYTES) stream.destroy();
  }

  const unsubscribe = [
    control.subscribe(({ revision, changes }) => {
      send('revision', revision);
      for (const { kind, name, after } of changes) {
        if (kind === 'rollout' && after !== undefined)
          send('rollout', { rollout: name, status: presentRollout(after)['status'] });
      }
    }),
    delivery.subscribe((event) => {
      // A push to a fleet is thousands of these.
      if (open.size === 0) return;
      const { kind, ...data } = event;
      send(kind, data);
    }),
    rollouts.subscribe((event) => send('rollout-gates', event)),
    probes.subscribe((event) => send('target-health', event)),
  ];
  const heartbeat = setInterval(
    () => open.forEach((stream) => write(stream, ': still here\n\n')),
    HEARTBEAT_MS,
  );
  heartbeat.unref();
  app.addHook('preClose', () => {
    clearInterval(heartbeat);
    for (const end of unsubscribe) end();
    for (const stream of open) stream.end();
  });

  const schema = {
    tags: ['events'],
    summary:
      'Server-sent events: revision, rollout, rollout-gates, target-health, delivery, load, acked, rejected, node-connected, node-disconnected',
    querystring: query({}),
    response: { 200: { type: 'string', description: 'text/event-stream' } },
  };
  app.get('/v1/events', { schema }, (request, reply) => {
    if (open.size >= MAX_LISTENERS)
      throw new ApiError('unavailable', `${MAX_LISTENERS} listeners are connected already`);
    reply.hijack();
    const stream = reply.raw;
    stream.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    stream.write(': events follow\n\n');
    open.add(stream);
    stream.on('error', () => stream.destroy());
    stream.on('close', () => open.delete(stream));
    request.raw.on('close', () => open.delete(stream));
  });
}
