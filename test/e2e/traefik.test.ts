import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { load } from 'js-yaml';
import { ControlPlane } from '../support/control-plane.ts';
import { HttpConnection, get } from '../support/http-client.ts';
import { statusOf, valuesOf } from '../support/http-messages.ts';
import { startLoad } from '../support/load.ts';
import { Origin } from '../support/origin.ts';
import { Traefik } from '../support/traefik.ts';
import { until } from '../support/until.ts';
import { WallarmStandIn } from '../support/wallarm-stand-in.ts';

/** The Traefik example of Wallarm's documentation on mirrored traffic, as it stands there. */
const SEED = (
  load(readFileSync(join(import.meta.dirname, '../golden/traefik/in/seed.yaml'), 'utf8')) as {
    config: string;
  }
).config;
const TOKEN = 'a-token-of-the-test';
/** Opens what nodes fetch, and nothing else. */
const NODE_TOKEN = 'a-token-for-nodes';
const AUTHORIZATION = { Authorization: `Bearer ${TOKEN}` };
const MIRRORED = { Host: 'mirrored.example.com' };
const WAIT = 'wait=acked&timeout=20s';
const FLEET = { dataPlane: 'traefik', delivery: { watch: '0s' } };

/** The same with its two addresses on loopback. */
function seedAt(origin: number, wallarm: number): string {
  return SEED.replace('http://wallarm:8445', `http://127.0.0.1:${wallarm}`).replace(
    'http://httpbin:80/',
    `http://127.0.0.1:${origin}/`,
  );
}

function startPlane(data: string, http?: string): Promise<ControlPlane> {
  const environment = { MIRRORPLANE_TOKEN: TOKEN, MIRRORPLANE_NODE_TOKEN: NODE_TOKEN };
  return ControlPlane.start({ data, ...(http !== undefined && { http }), environment });
}

/** Origin, node, control plane and one Traefik of its fleet `edge`, for all tests of this file, one after the other. */
class Rig {
  readonly origin: Origin;
  readonly wallarm: WallarmStandIn;
  plane: ControlPlane;
  readonly #data: string;
  #traefik: Traefik | undefined;

  private constructor(origin: Origin, wallarm: WallarmStandIn, data: string, plane: ControlPlane) {
    this.origin = origin;
    this.wallarm = wallarm;
    this.#data = data;
    this.plane = plane;
  }

  static async start(): Promise<Rig> {
    const data = mkdtempSync(join(tmpdir(), 'mirrorplane-'));
    const plane = await startPlane(data);
    return new Rig(await Origin.start(), await WallarmStandIn.start(), data, plane);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#traefik?.stop(), this.plane.stop(), this.origin.stop(), this.wallarm.stop()]);
    rmSync(this.#data, { recursive: true, force: true });
  }

  /** Again from what it stored, at the same address. */
  async restartPlane(): Promise<void> {
    this.plane = await startPlane(this.#data, this.plane.http);
  }

  done(method: string, path: string, body?: unknown): ReturnType<ControlPlane['done']> {
    return this.plane.done(method, path, body, AUTHORIZATION);
  }

  call(method: string, path: string, body?: unknown): ReturnType<ControlPlane['call']> {
    return this.plane.call(method, path, body, AUTHORIZATION);
  }

  async startTraefik(): Promise<void> {
    const endpoint = `http://${this.plane.http}/v1/fleets/edge/traefik?node=edge-t1`;
    this.#traefik = await Traefik.start(endpoint, { Authorization: `Bearer ${NODE_TOKEN}` });
  }

  get traefik(): Traefik {
    if (this.#traefik === undefined) throw new Error('Traefik is not started');
    return this.#traefik;
  }

  /** Waits until the write is in force. */
  async inForce(method: string, path: string, body: unknown): Promise<void> {
    const { delivery } = await this.done(method, `${path}?${WAIT}`, body);
    if (delivery.nodes !== 1 || delivery.acked !== 1) throw new Error(JSON.stringify(delivery));
  }

  /** The mirror as it is at the beginning of a test. */
  async reset(): Promise<void> {
    const routes = [{ route: 'with_mirroring' }];
    const mirror = { fleet: 'edge', target: 'edge-wallarm', percent: 100, routes };
    await this.inForce('PUT', '/v1/mirrors/edge-wallarm', mirror);
  }

  async node(): Promise<any> {
    return (await this.call('GET', '/v1/nodes/edge-t1')).body;
  }

  async effectivePercent(): Promise<number | null> {
    return (await this.done('GET', '/v1/mirrors/edge-wallarm')).status.effectivePercent;
  }

  async served(fleet = 'edge'): Promise<{ status: number; text: string }> {
    const url = `http://${this.plane.http}/v1/fleets/${fleet}/traefik?node=${fleet}-t1`;
    const response = await fetch(url, { headers: AUTHORIZATION });
    return { status: response.status, text: await response.text() };
  }
}

const mirrored = (): string => get('/', MIRRORED);

let rig: Rig;

test.before('start', async () => {
  rig = await Rig.start();
});

test.after.always('stop', () => (rig as Rig | undefined)?.stop());

test.serial("the seed's example goes in unchanged: its mirror is a target and a mirror", async (t) => {
  await rig.done('PUT', '/v1/fleets/paper', FLEET);
  t.is((await rig.served('paper')).status, 503);
  const put = await rig.done('PUT', '/v1/fleets/paper/config', SEED);
  t.deepEqual(put.adopted, { targets: ['wallarm'], mirrors: ['paper-wallarm'] });
  const target = await rig.done('GET', '/v1/targets/wallarm');
  t.deepEqual(target.endpoints, [{ host: 'wallarm', port: 8445 }]);
  const mirror = await rig.done('GET', '/v1/mirrors/paper-wallarm');
  t.like(mirror, { percent: 100, routes: [{ route: 'with_mirroring' }] });
  t.is((await rig.call('GET', '/v1/fleets/paper/config')).body, SEED);
  const rendered = (await rig.done('GET', '/v1/fleets/paper/rendered?format=traefik')) as string;
  t.deepEqual(load(rendered), JSON.parse((await rig.served('paper')).text));
  t.is((await fetch(`http://${rig.plane.http}/v1/fleets/paper/traefik`)).status, 401);
});

test.serial('what would cut traffic is refused, and what is served does not move', async (t) => {
  const before = await rig.served('paper');
  const dangling = SEED.replace('- name: "wallarm"', '- name: "gone"');
  const refused = await rig.call('PUT', '/v1/fleets/paper/config', dangling);
  t.is(refused.status, 400);
  t.deepEqual(
    refused.body.errors.map(({ path }: { path: string }) => path),
    ['http.services.with_mirroring.mirroring.mirrors[0].name'],
  );
  t.is((await rig.call('PUT', '/v1/fleets/paper/config', '{}')).status, 400);
  for (const change of [{ copy: { body: false } }, { expiresAfter: '30s' }, { routes: [{ domain: 'a.b' }] }])
    t.is((await rig.call('PATCH', '/v1/mirrors/paper-wallarm', change)).status, 400);
  t.deepEqual(await rig.served('paper'), before);
});

test.serial('with no address to read it back from, what was fetched is unconfirmed', async (t) => {
  await rig.done('PUT', '/v1/fleets/edge', FLEET);
  await rig.done('PUT', '/v1/fleets/edge/config', seedAt(rig.origin.port, rig.wallarm.port));
  await rig.startTraefik();
  await until('it has fetched all', async () => (await rig.node()).state === 'unconfirmed');
  const { delivery } = await rig.done('PATCH', `/v1/mirrors/edge-wallarm?${WAIT}`, { percent: 10 });
  t.like(delivery, { nodes: 1, acked: 0, rejected: 0, pending: 0, unconfirmed: 1 });
  t.is(await rig.effectivePercent(), null);
  await rig.done('PUT', '/v1/fleets/edge', { ...FLEET, readBack: { 'edge-t1': rig.traefik.api } });
  await until('it is read back', async () => (await rig.node()).state === 'acked');
  t.is(await rig.effectivePercent(), 10);
});

test.serial('Traefik copies by count: exactly as many as it is told', async (t) => {
  const { wallarm } = rig;
  await rig.reset();
  let copies = wallarm.completed;
  for (const [percent, expected, effective] of [
    [100, 400, 100],
    [25, 100, 25],
    [1, 4, 1],
    [0.3, 4, 1],
    [0, 0, 0],
    [99.99, 396, 99],
  ] as const) {
    await rig.inForce('PATCH', '/v1/mirrors/edge-wallarm', { percent });
    const result = await startLoad({ port: rig.traefik.port, requests: 400, request: mirrored }).done;
    t.like(result, { ok: 400, failed: 0 });
    copies += expected;
    await until(`${expected} copies at ${percent} %`, () => wallarm.completed >= copies);
    t.is(wallarm.completed, copies, `${percent} %`);
    t.is(await rig.effectivePercent(), effective);
  }
});

test.serial('the copy is what the edge saw, with headers changed on it alone', async (t) => {
  const { wallarm, origin } = rig;
  await rig.reset();
  const copy = { removeHeaders: ['Authorization'], setHeaders: { 'X-Application': 'shop' } };
  await rig.inForce('PATCH', '/v1/mirrors/edge-wallarm', { copy });
  const client = await HttpConnection.open(rig.traefik.port, { localAddress: '127.0.0.7' });
  t.teardown(() => client.close());
  const before = wallarm.completed;
  const forged = { 'X-Forwarded-For': '6.6.6.6', 'X-Forwarded-Proto': 'gopher', 'X-Server-Addr': '6.6.6.6' };
  const headers = { ...MIRRORED, Authorization: 'Basic eDp5', Cookie: 'id=1', ...forged };
  const request = get('/api/cart?x=1', { ...headers, 'Content-Length': '10' }, 'POST');
  t.is(statusOf(await client.send(request, 'name=value')), 200);
  await until('the copy', () => wallarm.completed === before + 1);
  const [seen, primary] = [wallarm.requests.at(-1), origin.requests.at(-1)];
  if (seen === undefined || primary === undefined) throw new Error('nothing arrived');
  const one = (name: string): string => valuesOf(seen, name).join(' | ');
  t.is(seen.firstLine, 'POST /api/cart?x=1 HTTP/1.1');
  t.true(seen.raw.toString('latin1').endsWith('\r\n\r\nname=value'));
  t.is(one('host'), 'mirrored.example.com');
  t.is(one('x-forwarded-for'), '127.0.0.7');
  t.is(one('x-forwarded-proto'), 'http');
  t.is(one('cookie'), 'id=1');
  t.deepEqual([one('authorization'), one('x-server-addr'), one('x-application')], ['', '', 'shop']);
  t.deepEqual(valuesOf(primary, 'authorization'), ['Basic eDp5']);
  t.deepEqual(valuesOf(primary, 'x-server-addr'), ['6.6.6.6']);
  t.deepEqual(valuesOf(primary, 'x-application'), []);

  // A body beyond the limit is served, and not copied. Nor is the router that no mirror selects.
  const large = Buffer.alloc(1_048_577);
  const upload = get('/', { ...MIRRORED, 'Content-Length': `${large.length}` }, 'POST');
  t.is(statusOf(await client.send(upload, large)), 200);
  t.is(statusOf(await client.send(get('/', { Host: 'original.example.local' }))), 200);
  t.is(statusOf(await client.send(get('/last', MIRRORED))), 200);
  await until('the last copy', () => wallarm.requests.at(-1)?.firstLine === 'GET /last HTTP/1.1');
  t.is(wallarm.completed, before + 2);
});

test.serial('percent and target change under load: no request is lost', async (t) => {
  await rig.reset();
  const other = await WallarmStandIn.start();
  t.teardown(() => other.stop());
  const running = startLoad({ port: rig.traefik.port, connections: 16, request: mirrored });
  for (const percent of [10, 100, 0, 55, 30]) {
    await rig.inForce('PATCH', '/v1/mirrors/edge-wallarm', { percent });
    await running.more(50);
  }
  for (const { port } of [other, rig.wallarm])
    await rig.inForce('PUT', '/v1/targets/edge-wallarm', { endpoints: [{ host: '127.0.0.1', port }] });
  const { failed, failures, sent } = await running.stop();
  t.true(other.count > 0);
  t.is(failed, 0, failures.join('\n'));
  t.log(`${sent} requests, 7 changes`);
});

test.serial('what Traefik itself refuses is rejected in its words, and taken back', async (t) => {
  await rig.reset();
  const before = await rig.served();
  const client = await HttpConnection.open(rig.traefik.port);
  t.teardown(() => client.close());
  // Nothing here can know which plugins a Traefik has.
  const good = seedAt(rig.origin.port, rig.wallarm.port);
  const config = good
    .replace('  routers:', '  middlewares: { p: { plugin: { missing: { a: b } } } }\n  routers:')
    .replace('      service: "with_mirroring"', '      service: "with_mirroring"\n      middlewares: [p]');
  await rig.done('PUT', `/v1/fleets/edge/config?${WAIT}`, config);
  const node = await until('it is rejected', async () => {
    const found = await rig.node();
    return found.state === 'rejected' && found;
  });
  t.regex(node.types[0].rejected.message, /^router "with_mirroring": .*plugin/);
  await until('the router is back', async () => statusOf(await client.send(mirrored())) === 200);
  t.deepEqual(await rig.served(), before);
  await rig.inForce('PUT', '/v1/fleets/edge/config', good);
});

test.serial(
  'a mirror that would copy to the Traefik itself is not acknowledged, and taken back',
  async (t) => {
    await rig.reset();
    const before = (await rig.served()).text;
    const endpoint = { host: '127.0.0.1', port: rig.traefik.port };
    await rig.done('PUT', '/v1/targets/own', { endpoints: [endpoint] });
    const routes = [{ route: 'with_mirroring' }];
    const mirror = { fleet: 'edge', target: 'own', routes };
    await rig.inForce('PUT', '/v1/mirrors/own', { ...mirror, percent: 0 });
    const raised = await rig.done('PATCH', `/v1/mirrors/own?${WAIT}`, { percent: 1 });
    t.is(raised.delivery.acked, 0);
    await until('the percent is back at nothing', async () => {
      const { percent, status } = await rig.done('GET', '/v1/mirrors/own');
      return percent === 0 && status.effectivePercent === 0 && status.nodes.acked === 1;
    });
    const [last] = (await rig.done('GET', '/v1/revisions?limit=1')).items;
    t.is(last.author, 'mirrorplane');
    t.regex(last.reason, /taken back, edge-t1 says: mirror "own" copies to .*this Traefik itself/);
    await rig.inForce('DELETE', '/v1/mirrors/own', undefined);
    const made = await rig.done('PUT', `/v1/mirrors/own?${WAIT}`, {
      ...mirror,
      percent: 1,
      copy: { setHeaders: { 'x-a': 'b' } },
    });
    t.deepEqual([made.delivery.acked, made.delivery.rejected], [0, 1]);
    t.regex((await rig.node()).types[0].rejected.message, /mirror "own" copies to .*this Traefik itself/);
    t.not((await rig.done('GET', '/v1/mirrors/own')).status.effectivePercent, 1);
    await until('it is taken back', async () => (await rig.served()).text === before);
    await rig.inForce('DELETE', '/v1/mirrors/own', undefined);
  },
);

test.serial('a node that hangs is bounded, and the primary does not feel it', async (t) => {
  const { wallarm, traefik } = rig;
  await rig.reset();
  await rig.inForce('PATCH', '/v1/targets/edge-wallarm', { limits: { maxConnections: 20 } });
  await wallarm.setMode('hang');
  const before = wallarm.count;
  const began = performance.now();
  const load = startLoad({ port: traefik.port, connections: 8, requests: 400, request: mirrored });
  t.like(await load.done, { ok: 400, failed: 0 });
  const seconds = (performance.now() - began) / 1000;
  // Those that were cut off after 2 s make room for as many again.
  const copies = wallarm.count - before;
  t.true(copies <= 20 * (Math.ceil(seconds / 2) + 1), `${copies} copies in ${seconds} s`);
  t.log(`${copies} of 400 copies in ${seconds.toFixed(1)} s; ${(await traefik.memory()).toFixed(0)} MiB`);
  await wallarm.setMode('ok');
});

test.serial('the control plane dies: Traefik keeps what it has, and gets the same bytes again', async (t) => {
  const { wallarm } = rig;
  await rig.reset();
  await rig.inForce('PATCH', '/v1/mirrors/edge-wallarm', { percent: 50 });
  const before = await rig.served();
  const counted = wallarm.count;
  const running = startLoad({ port: rig.traefik.port, connections: 4, request: mirrored });
  await rig.plane.kill();
  await running.more(200);
  await rig.restartPlane();
  t.deepEqual(await rig.served(), before);
  // Traefik tries ever more seldom while nobody answers.
  await until('it is read back again', async () => (await rig.node()).state === 'acked', {
    timeoutMs: 60_000,
  });
  t.is(await rig.effectivePercent(), 50);
  const { failed, failures, sent } = await running.stop();
  t.is(failed, 0, failures.join('\n'));
  // It never began to count anew, as nothing changed.
  const copies = Math.ceil(sent / 2);
  await until('all copies', () => wallarm.count - counted >= copies);
  t.is(wallarm.count - counted, copies);
});
