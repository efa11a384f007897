/**
 * `npm run demo`: the control plane, an origin, two stand-in Wallarm nodes, three real Envoys and gentle traffic, with the
 * measured share of copies live. All of it on loopback; Ctrl-C ends all of it and leaves nothing behind.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlPlane } from '../test/support/control-plane.ts';
import { seedConfigAt } from '../test/support/edge-config.ts';
import { Envoy } from '../test/support/envoy.ts';
import { Origin } from '../test/support/origin.ts';
import { bootstrapOf } from '../test/support/rig.ts';
import { WallarmStandIn } from '../test/support/wallarm-stand-in.ts';
import { Screen } from './demo/screen.ts';
import { ShareMeter, share, type Reading } from './demo/share-meter.ts';
import { startTraffic } from './demo/traffic.ts';
import { ENVOY_VERSION, envoyBinary } from './fetch-envoy.ts';

const WINDOW_MS = 5_000;
const NODES = ['wallarm', 'wallarm-b'] as const;
const ENVOYS = ['edge-1', 'edge-2', 'edge-3'];

const screen = new Screen(process.stdout);
const stops: (() => unknown)[] = [];
const ended = Promise.withResolvers<void>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ended.resolve());
process.stdout.on('error', () => ended.resolve());

try {
  await Promise.race([run(), ended.promise]);
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  for (const stop of stops.reverse()) await stop();
  screen.print('\nAll ended.\n');
  // What was just about to start when the end came goes, too.
  process.exit();
}

async function run(): Promise<void> {
  screen.print(`Finding Envoy ${ENVOY_VERSION} (the first time it is fetched, some 40 MB) ...\n`);
  await envoyBinary();
  const meter = new ShareMeter(WINDOW_MS);
  const origin = await Origin.start({ keep: 1 });
  stops.push(() => origin.stop());
  const nodes = await Promise.all(NODES.map((name) => startNode(name, meter)));
  const [wallarm, spare] = nodes;
  if (wallarm === undefined || spare === undefined) throw new Error('no nodes');

  screen.print('Starting the control plane and three Envoys ...\n');
  const data = mkdtempSync(join(tmpdir(), 'mirrorplane-demo-'));
  stops.push(() => rmSync(data, { recursive: true, force: true }));
  const plane = await ControlPlane.start({
    data,
    http: `127.0.0.1:${await portOr(8080)}`,
    xds: `127.0.0.1:${await portOr(18000)}`,
  });
  stops.push(() => plane.stop());
  const config = seedConfigAt({ origin: origin.port, wallarm: wallarm.port });
  await plane.done('PUT', '/v1/fleets/edge/config', config);
  await plane.done('PUT', '/v1/targets/wallarm-b', { endpoints: [{ host: '127.0.0.1', port: spare.port }] });
  const ports = await Promise.all(ENVOYS.map((id) => startEnvoy(plane, id)));
  for (const [index, port] of ports.entries()) {
    const envoy = ENVOYS[index] ?? '';
    const sent = (id: string): void => meter.sent(Date.now(), envoy, id);
    stops.push(startTraffic(port, 30, { sent, failed: () => void meter.failed++ }));
  }

  screen.print(whatToTry(plane.http, ports));
  const timer = setInterval(() => void show(plane, meter), screen.isTerminal ? 500 : 2_000);
  stops.push(() => clearInterval(timer));
  await ended.promise;
}

async function startNode(name: string, meter: ShareMeter): Promise<WallarmStandIn> {
  const node = await WallarmStandIn.start({
    keep: 1,
    onHead: (head) => meter.copied(head.get('x-request-number') ?? '', name),
  });
  stops.push(() => node.stop());
  return node;
}

/** Resolves with the port the Envoy takes traffic on. */
async function startEnvoy(plane: ControlPlane, id: string): Promise<number> {
  const envoy = await Envoy.start(await bootstrapOf(plane, id));
  stops.push(() => envoy.stop());
  return envoy.port();
}

/** The usual port, or any free one when that is taken. */
function portOr(usual: number): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(0));
    probe.listen(usual, '127.0.0.1', () => probe.close(() => resolve(usual)));
  });
}

function whatToTry(http: string, ports: readonly number[]): string {
  const patch = (body: string): string =>
    `curl -sX PATCH 'http://${http}/v1/mirrors/edge-wallarm?wait=acked' -H 'content-type: application/json' -d '${body}'`;
  return `
Three Envoys (ports ${ports.join(', ')}) run the example of Wallarm's documentation: its mirror policy
was taken over as mirror "edge-wallarm" to target "wallarm" at 100 %. Try in another terminal:

  # 5 % of the requests, on the whole fleet, now
  ${patch('{"percent":5}')}
  # to another node, under load
  ${patch('{"target":"wallarm-b"}')}
  # credentials stay out of the copies
  ${patch('{"copy":{"removeHeaders":["Authorization"]}}')}
  # what is in force, read back from the Envoys
  curl -s http://${http}/v1/mirrors/edge-wallarm
  curl -s http://${http}/v1/nodes
  # who changed what, and back
  curl -s http://${http}/v1/revisions
  curl -sX POST http://${http}/v1/revisions/1/restore

Ctrl-C ends everything. Over the last ${WINDOW_MS / 1_000} seconds:

`;
}

async function show(plane: ControlPlane, meter: ShareMeter): Promise<void> {
  const answer = await plane.call('GET', '/v1/mirrors/edge-wallarm').catch(() => undefined);
  const now = Date.now();
  const rate = (count: number): string => `${Math.round(count / (WINDOW_MS / 1_000))}`.padStart(4);
  const row = (name: string, reading: Reading): string =>
    `${name.padEnd(8)}${rate(reading.requests)} requests/s   copied ${share(reading).padStart(7)}`;
  const all = meter.read(now);
  const copies = NODES.map((node) => `${node}${rate(all.byNode.get(node) ?? 0)}/s`).join(', ');
  const set =
    answer?.status === 200
      ? `set ${answer.body.percent} %, acked by ${answer.body.status.nodes.acked} of ${answer.body.status.nodes.total}`
      : 'no such mirror, or no control plane';
  const rows = ENVOYS.map((envoy) => row(envoy, meter.read(now, envoy)));
  const total = row('all', all);
  const rest = `copies to ${copies}; failed requests ${meter.failed}`;
  screen.show([...rows, `${total}   ${set}`, rest], `${total}   ${set}; ${rest}`);
}
