/** What is tried with a real NGINX, whichever driver its agent has. */
import type { ExecutionContext } from 'ava';
import { binomialInterval } from './binomial.ts';
import { ControlPlane } from './control-plane.ts';
import { HttpConnection, get } from './http-client.ts';
import { statusOf } from './http-messages.ts';
import { startLoad } from './load.ts';
import { MIRROR, type NginxNode, type NginxRig } from './nginx-rig.ts';
import { until } from './until.ts';

const ACKED = { nodes: 1, acked: 1, rejected: 0, pending: 0 };

/** Writes a percent, and has it in force. */
export async function setPercent(t: ExecutionContext, { plane }: NginxRig, percent: number): Promise<void> {
  const { delivery } = await plane.done('PATCH', `/v1/mirrors/${MIRROR}?wait=acked&timeout=30s`, { percent });
  t.deepEqual(delivery, ACKED, `${percent} %`);
}

/** Copies that `requests` requests made. */
async function copiesOf(
  t: ExecutionContext,
  rig: NginxRig,
  node: NginxNode,
  requests: number,
): Promise<number> {
  const before = await node.count();
  const load = startLoad({ port: rig.port, requests, request: (n) => get(`/index.html?${n}`) });
  const { failed, failures } = await load.done;
  t.is(failed, 0, failures.join('; '));
  await rig.settled();
  return (await node.count()) - before;
}

export async function shares(t: ExecutionContext, rig: NginxRig, node: NginxNode): Promise<void> {
  const wanted = [
    [0, 500],
    [0.5, 4000],
    [25, 2000],
    [100, 500],
  ] as const;
  for (const [percent, requests] of wanted) {
    await setPercent(t, rig, percent);
    const copies = await copiesOf(t, rig, node, requests);
    const { low, high } = binomialInterval(requests, percent / 100);
    t.true(
      copies >= low && copies <= high,
      `${copies} copies of ${requests} at ${percent} %: ${low} to ${high}`,
    );
  }
}

/** At 100 %. */
export async function headers(t: ExecutionContext, rig: NginxRig, node: NginxNode): Promise<void> {
  const before = await node.count();
  const connection = await HttpConnection.open(rig.port, { localAddress: '127.0.0.9' });
  const forged = {
    Host: 'shop.example:8080',
    'X-Server-Addr': '6.6.6.6',
    'X-Server-Port': '66',
    'X-Forwarded-For': '6.6.6.6',
    'X-Forwarded-Port': '66',
    'X-Forwarded-Proto': 'gopher',
    'X-Scheme': 'gopher',
    'X-Request-ID': 'forged',
    Authorization: 'Basic abc',
  };
  const answer = await connection.send(get('/index.html?a=%20b', forged));
  t.is(statusOf(answer), 200);
  // An internal redirect, which mirrors once more.
  t.is(statusOf(await connection.send(get('/', forged))), 200);
  await rig.settled();
  const copies = (await node.copies()).slice(before);
  t.deepEqual(
    copies.map(({ uri }) => uri),
    ['/index.html?a=%20b', '/'],
    'one copy of each',
  );
  for (const copy of copies) {
    t.is(copy.host, 'shop.example:8080');
    t.is(copy.protocol, 'HTTP/1.1');
    t.is(copy.remoteAddr, '127.0.0.9', 'realip takes the client for the client');
    const { 'x-request-id': id = '', ...others } = copy.headers;
    t.regex(id, /^[0-9a-f]{32}$/);
    t.deepEqual(others, {
      'x-server-port': String(rig.port),
      'x-server-addr': '127.0.0.1',
      'x-forwarded-for': '127.0.0.9',
      'x-forwarded-port': String(connection.localPort),
      'x-forwarded-proto': 'http',
      'x-scheme': 'http',
      connection: '',
      authorization: 'Basic abc',
    });
  }
  connection.close();
}

/** How often NGINX read its configuration anew. */
async function reloadsOf({ edge }: NginxRig): Promise<number> {
  return (await edge.log()).split('signal 1 (SIGHUP) received').length - 1;
}

/** Clients that open a connection per request; resolves with the number of requests when `isOver`. */
async function closingClients(t: ExecutionContext, port: number, isOver: () => boolean): Promise<number> {
  let requests = 0;
  while (!isOver()) {
    const connection = await HttpConnection.open(port);
    const answer = await connection.send(get('/index.html', { Connection: 'close' }));
    t.is(statusOf(answer), 200);
    connection.close();
    requests++;
  }
  return requests;
}

export interface Change {
  readonly changes: number;
  readonly reloads: number;
  readonly lost: number;
  readonly requests: number;
  readonly connections: number;
}

/** Percents that change while there is load. None may be lost over connections that the client closes itself. */
export async function changesUnderLoad(t: ExecutionContext, rig: NginxRig, changes: number): Promise<Change> {
  const connections = 8;
  const before = await reloadsOf(rig);
  const load = startLoad({ port: rig.port, connections, request: () => get('/index.html') });
  let over = false;
  const closing = closingClients(t, rig.port, () => over);
  for (let n = 0; n < changes; n++) {
    await setPercent(t, rig, [1, 50, 0, 100, 25][n % 5] ?? 0);
    await load.more(50);
  }
  over = true;
  t.true((await closing) > 0);
  const { failed, sent } = await load.stop();
  return { changes, reloads: (await reloadsOf(rig)) - before, lost: failed, requests: sent, connections };
}

/** What NGINX will not take is refused with its own words, and what was there before goes on. */
export async function refusals(t: ExecutionContext, rig: NginxRig, node: NginxNode): Promise<void> {
  const { plane } = rig;
  const rejected = async (): Promise<string> => {
    const { types } = await rig.node('rejected');
    return types[0].rejected.message as string;
  };
  await setPercent(t, rig, 100);
  const { revision: _r, ...target } = await plane.done('GET', '/v1/targets/mirror-test');
  const other = { ...target, endpoints: [{ host: 'no-such-host.invalid', port: 80 }] };
  await plane.done('PUT', '/v1/targets/mirror-test', other);
  t.regex(await rejected(), /no-such-host\.invalid cannot be resolved/);
  t.is(await copiesOf(t, rig, node, 20), 20);
  await plane.done('PUT', '/v1/targets/mirror-test', target);
  await rig.node('acked');

  // A change that no driver makes without a reload; it is taken back for the whole fleet.
  rig.setBroken(true);
  await plane.done('PATCH', `/v1/mirrors/${MIRROR}`, { copy: { setHeaders: { 'x-new': '1' } } });
  const words = await rejected();
  t.true(words.includes(`nginx: [emerg] unknown directive "evnts" in ${rig.edge.conf}:`), words);
  t.is(await copiesOf(t, rig, node, 20), 20);
  rig.setBroken(false);
  await plane.done('PATCH', `/v1/mirrors/${MIRROR}?wait=acked&timeout=30s`, {
    copy: { setHeaders: { 'x-new': '2' } },
  });
  await rig.node('acked');
  t.is(await copiesOf(t, rig, node, 20), 20);
}

/** Where a percent is a reload: what nginx refused for its owner's mistake is taken when that is mended. */
export async function mends(t: ExecutionContext, rig: NginxRig, node: NginxNode): Promise<void> {
  // A refusal while a change of structure is being watched is that change's.
  await until('the fleet is settled', async () => {
    const { status } = await rig.plane.done('GET', '/v1/fleets/ngx');
    return status.state === 'settled';
  });
  rig.setBroken(true);
  await rig.plane.done('PATCH', `/v1/mirrors/${MIRROR}`, { percent: 0 });
  await rig.node('rejected');
  t.is(await copiesOf(t, rig, node, 20), 20);
  rig.setBroken(false);
  await rig.node('acked');
  t.is(await copiesOf(t, rig, node, 20), 0);
}

/** The agent is killed, and the control plane; what was in force goes on, and ends where it may not. */
export async function kills(t: ExecutionContext, rig: NginxRig, node: NginxNode): Promise<void> {
  const { plane } = rig;
  await setPercent(t, rig, 100);
  await rig.agent().kill();
  t.is(await copiesOf(t, rig, node, 50), 50, 'without an agent');
  await until('the control plane knows', async () => {
    const { body } = await plane.call('GET', '/v1/nodes/ngx-1');
    return body.connected === false;
  });
  await plane.done('PATCH', `/v1/mirrors/${MIRROR}`, { percent: 0 });
  await rig.startAgent();
  await rig.node('acked');
  t.is(await copiesOf(t, rig, node, 50), 0, 'what was missed is made up for');

  await setPercent(t, rig, 100);
  await plane.kill();
  await until('the agent knows', () => rig.agent().find('no control plane'));
  t.is(await copiesOf(t, rig, node, 50), 50, 'without a control plane');
  await rig.agent().kill();
  const reloads = await reloadsOf(rig);
  await rig.startAgent();
  await until('it knows what is in force', () => rig.agent().find('in force'));
  t.is(await copiesOf(t, rig, node, 50), 50, 'an agent that was started without one');
  t.is(await reloadsOf(rig), reloads, 'nothing new is no reload');

  const again = await ControlPlane.start({ data: rig.data, http: plane.http, xds: plane.xds });
  t.teardown(() => again.stop());
  await until('the node is back', async () => {
    const { status, body } = await again.call('GET', '/v1/nodes/ngx-1');
    return status === 200 && body.connected && body.state === 'acked';
  });
  const { delivery } = await again.done('PATCH', `/v1/mirrors/${MIRROR}?wait=acked&timeout=30s`, {
    expiresAfter: '5s',
  });
  t.deepEqual(delivery, ACKED);
  t.is(await copiesOf(t, rig, node, 20), 20);
  await again.kill();
  await until('it stops by itself', async () => (await copiesOf(t, rig, node, 4)) === 0);
  await rig.agent().kill();
  await rig.startAgent();
  t.is(await copiesOf(t, rig, node, 20), 0, 'and an agent that was started later knows how long it was');
  const third = await ControlPlane.start({ data: rig.data, http: plane.http, xds: plane.xds });
  t.teardown(() => third.stop());
  await until('it comes back', async () => (await copiesOf(t, rig, node, 4)) === 4);
  await third.done('PATCH', `/v1/mirrors/${MIRROR}?wait=acked&timeout=30s`, { expiresAfter: null });
}

/** NGINX itself is started anew: the shared dict is empty then, and is filled again. */
export async function restarts(t: ExecutionContext, rig: NginxRig, node: NginxNode): Promise<void> {
  await setPercent(t, rig, 100);
  await rig.edge.end();
  await until('the agent knows', () => rig.agent().find('nginx does not run: no plan'));
  await rig.edge.start();
  const begun = performance.now();
  await until('copies again', async () => (await copiesOf(t, rig, node, 2)) === 2);
  t.log(`copies again ${Math.round(performance.now() - begun)} ms after a restart`);
  await rig.node('acked');
}
