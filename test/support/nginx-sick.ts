/** A node that gets sick behind a real NGINX, and what its clients notice of that. */
import type { ExecutionContext } from 'ava';
import { setTimeout as delay } from 'node:timers/promises';
import { HttpConnection, get } from './http-client.ts';
import { statusOf } from './http-messages.ts';
import { MIRROR, type NginxRig } from './nginx-rig.ts';
import { until } from './until.ts';
import { type Mode, WallarmStandIn } from './wallarm-stand-in.ts';

const CLIENTS = 8;
const THINK_MS = 10;

interface Clients {
  /** How many requests so far were not answered within that time. */
  readonly waited: (ms: number) => number;
  readonly finished: () => number;
  readonly stop: () => Promise<void>;
}

/** Keep-alive clients that think for a moment between two requests. One that is thrown out, by a reload say, comes again. */
function keepAliveClients(t: ExecutionContext, port: number): Clients {
  const took: number[] = [];
  let stopped = false;
  const client = async (): Promise<void> => {
    let connection: HttpConnection | undefined;
    while (!stopped) {
      if (connection?.isOpen !== true) connection = await HttpConnection.open(port);
      const begun = performance.now();
      const answer = await connection.send(get('/index.html')).catch(() => undefined);
      took.push(performance.now() - begun);
      if (answer === undefined) connection.close();
      else t.is(statusOf(answer), 200);
      await delay(THINK_MS);
    }
    connection?.close();
  };
  const all = Promise.all(Array.from({ length: CLIENTS }, client));
  const stop = async (): Promise<void> => {
    stopped = true;
    await all;
  };
  t.teardown(stop);
  return {
    waited: (ms) => took.filter((one) => one > ms).length,
    finished: () => took.length,
    stop,
  };
}

export interface Sickness {
  readonly wallarm: WallarmStandIn;
  readonly clients: Clients;
  /** Resolves when the agent has switched the target off, with its reason. */
  readonly off: () => Promise<string>;
  readonly on: () => Promise<void>;
  readonly end: () => Promise<void>;
}

/** A node that is well, with all requests copied to it; `others` are the target's, besides. */
export async function startSickness(
  t: ExecutionContext,
  rig: NginxRig,
  others: readonly { readonly host: string; readonly port: number }[] = [],
): Promise<Sickness> {
  const { plane } = rig;
  const wallarm = await WallarmStandIn.start();
  t.teardown(() => wallarm.stop());
  const target = { endpoints: [{ host: '127.0.0.1', port: wallarm.port }, ...others] };
  await plane.done('PUT', '/v1/targets/sick?wait=acked&timeout=30s', target);
  await plane.done('PATCH', `/v1/mirrors/${MIRROR}?wait=acked&timeout=30s`, { target: 'sick', percent: 100 });
  const clients = keepAliveClients(t, rig.port);
  const begun = rig.agent().entries.length;
  const said = (words: string) =>
    until(
      words,
      () => {
        const entry = rig.agent().entries.findLast(({ msg }) => msg.includes('switched'));
        return entry?.msg.includes(words) && rig.agent().entries.indexOf(entry) >= begun && entry;
      },
      { timeoutMs: 120_000 },
    );
  await until('copies', () => wallarm.count > 500);
  return {
    ...{ wallarm, clients },
    off: async () => String((await said('switched off'))['reason']),
    on: async () => void (await said('switched on')),
    end: async () => {
      await clients.stop();
      await plane.done('PATCH', `/v1/mirrors/${MIRROR}?wait=acked&timeout=30s`, { target: 'mirror-test' });
    },
  };
}

/** Of `maxStreamDuration`, by default. */
const HALF_MS = 1000;

/**
 * A node that takes copies and does not answer, or does late: what its clients wait is bounded, also while it is tried
 * again. Counted in requests, as a machine may be slow.
 */
async function sick(
  t: ExecutionContext,
  { wallarm, clients, off }: Sickness,
  mode: Mode,
  reason: RegExp,
): Promise<void> {
  const before = clients.waited(HALF_MS);
  const begun = performance.now();
  await wallarm.setMode(mode);
  t.regex(await off(), reason);
  t.log(`${JSON.stringify(mode)}: switched off after ${Math.round(performance.now() - begun)} ms`);
  // Those whose copy is under way wait for it, and no others.
  const finished = clients.finished();
  await until('all clients go on', () => clients.finished() > finished + 50 * CLIENTS);
  const waited = clients.waited(HALF_MS) - before;
  t.log(`${waited} requests of ${CLIENTS} clients waited more than ${HALF_MS} ms`);
  t.true(waited > 0, 'or it is not what this is to show');
  t.true(waited <= 2 * CLIENTS, `${waited} waited`);
}

export async function hanging(t: ExecutionContext, rig: NginxRig): Promise<void> {
  const sickness = await startSickness(t, rig);
  const { wallarm, clients } = sickness;
  await sick(t, sickness, 'hang', /without a good answer: clients' next requests wait/);
  // On trial it is the agent that waits.
  const before = clients.waited(HALF_MS);
  const entries = rig.agent().entries;
  await until('it was tried', () =>
    entries.some(({ reason }) => String(reason).includes('it does not answer in time')),
  );
  t.is(clients.waited(HALF_MS), before, 'a trial costs no client anything');
  await wallarm.setMode('ok');
  await sickness.on();
  const { count } = wallarm;
  await until('all of it is copied again', () => wallarm.count > count + 200);
  await sickness.end();
}

export async function hangingInPart(t: ExecutionContext, rig: NginxRig): Promise<void> {
  const sickness = await startSickness(t, rig);
  await sick(t, sickness, { hangsEach: 3 }, /without a good answer: clients' next requests wait/);
  await sickness.end();
}

export async function answeringLate(t: ExecutionContext, rig: NginxRig): Promise<void> {
  const sickness = await startSickness(t, rig);
  const { wallarm, clients } = sickness;
  const { count } = wallarm;
  await wallarm.setMode({ slowMs: 200 });
  await until('copies', () => wallarm.count > count + 40 * CLIENTS);
  t.is(rig.agent().find('switched off'), undefined, 'at 200 ms a node is well');
  t.is(clients.waited(HALF_MS), 0);
  await sick(t, sickness, { slowMs: 1500 }, / 0 of them without a good answer: clients' next requests wait/);
  await sickness.end();
}

/** One of two nodes hangs: the other goes on alone, until both answer. */
export async function hangingOneOfTwo(t: ExecutionContext, rig: NginxRig): Promise<void> {
  const other = await WallarmStandIn.start();
  t.teardown(() => other.stop());
  const sickness = await startSickness(t, rig, [{ host: '127.0.0.1', port: other.port }]);
  const { wallarm, clients } = sickness;
  await sick(t, sickness, 'hang', /without a good answer/);
  await sickness.on();
  const [{ count }, before] = [other, clients.waited(HALF_MS)];
  await until('all of it is copied to the other', () => other.count > count + 500);
  t.is(clients.waited(HALF_MS), before);
  await wallarm.setMode('ok');
  const { count: some } = wallarm;
  await until('both are copied to again', () => wallarm.count > some + 100);
  await sickness.end();
}
