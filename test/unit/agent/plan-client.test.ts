import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Sent } from '../../../src/agent/disk.ts';
import { LoadReporter } from '../../../src/agent/load-reporter.ts';
import { PlanClient, type PlanClientOptions } from '../../../src/agent/plan-client.ts';
import { SYSTEM_CLOCK } from '../../../src/agent/time.ts';
import { PLAN_TYPE, encodePlan } from '../../../src/dataplanes/nginx/plan.ts';
import { makeResource, makeSnapshot, makeTypeSnapshot } from '../../../src/snapshot/build.ts';
import type { Snapshot } from '../../../src/snapshot/snapshot.ts';
import { XdsServer } from '../../../src/xds/server.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { until } from '../../support/until.ts';
import { CA, NODE, SERVER } from '../../support/xds-certificates.ts';
import { Owner, startXds } from '../../support/xds-server.ts';

const identity = { id: 'ngx-1', cluster: 'ngx', nginx: '1.22.1' };

function plans(version: string | undefined): Snapshot {
  const resources = version === undefined ? [] : [makeResource('lua', encodePlan({ version, mirrors: [] }))];
  return makeSnapshot([makeTypeSnapshot(PLAN_TYPE, resources)]);
}

function start(t: ExecutionContext, port: number, more: Partial<PlanClientOptions> = {}) {
  const received: (Sent | undefined)[] = [];
  const contacts: number[] = [];
  const client = new PlanClient({
    ...{ server: `127.0.0.1:${port}`, tls: undefined, node: identity, resource: 'lua', clock: SYSTEM_CLOCK },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    inForce: () => undefined,
    onPlan: (sent) => void received.push(sent),
    onContact: () => void contacts.push(performance.now()),
    contactEveryMs: () => 50,
    ...more,
  });
  t.teardown(() => client.stop());
  client.start();
  return { client, received, contacts };
}

test('a plan is asked for by its driver, answered, and not sent again to whom has it', async (t) => {
  const { owner, port } = await startXds(t);
  owner.serve(plans('v1'));
  const { client, received } = start(t, port);
  await until('the plan', () => received.length === 1);
  t.is(received[0]?.plan.version, 'v1');
  const [stream] = owner.streams;
  t.deepEqual(stream?.node, { id: 'ngx-1', cluster: 'ngx', version: '1.22.1' });
  client.nack('nginx: [emerg] no');
  await owner.until(() => owner.events.includes('rejected Plan lua: nginx: [emerg] no'));
  owner.serve(plans('v2'));
  await until('the next plan', () => received.length === 2);
  client.ack();
  await owner.until(() => owner.has(PLAN_TYPE));

  const sent = owner.events.filter((event) => event.startsWith('sent')).length;
  const again = start(t, port, { inForce: () => received[1]?.resourceVersion });
  await owner.until(() => owner.streams.size === 2);
  await until('two signs of life', () => again.contacts.length >= 2);
  t.is(owner.events.filter((event) => event.startsWith('sent')).length, sent);
  t.is(again.received.length, 0);

  owner.serve(plans(undefined));
  await until('the removal', () => received.length === 3 && again.received.length === 1);
  t.is(received[2], undefined);
});

test('what cannot be read is refused', async (t) => {
  const { owner, port } = await startXds(t);
  start(t, port);
  const body = Buffer.from([0x0a, 1, 0x61, 0x12, 2, 0x0a, 0]);
  owner.serve(makeSnapshot([makeTypeSnapshot(PLAN_TYPE, [makeResource('lua', body)])]));
  await owner.until(() => owner.events.some((event) => event.includes('the plan cannot be read')));
  t.pass();
});

test('it comes back by itself when the server does, and hears of it while nothing changes', async (t) => {
  const first = await startXds(t);
  first.owner.serve(plans('v1'));
  const { client, received, contacts } = start(t, first.port);
  await until('the plan', () => received.length === 1);
  client.ack();
  await first.server.stop();
  const heard = contacts.length;
  const owner = new Owner();
  owner.serve(plans('v2'));
  const second = new XdsServer({ observer: owner, loadReports: owner, log: { warn: () => undefined } });
  await second.start({ host: '127.0.0.1', port: first.port });
  t.teardown(() => second.stop());
  await until('the next plan', () => received.length === 2);
  t.true(contacts.length > heard);
  await until('signs of life', () => contacts.length > heard + 3);
});

test('TLS in both directions', async (t) => {
  const { owner, port } = await startXds(t, { tls: { ...SERVER, clientCa: CA } });
  owner.serve(plans('v1'));
  const directory = temporaryDirectory(t);
  const file = (name: string, text: Buffer): string => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  const files = {
    ca: file('ca.pem', CA),
    cert: file('node.pem', NODE.cert),
    key: file('node.key', NODE.key),
  };
  const without = start(t, port, { tls: { ca: files.ca, cert: undefined, key: undefined } });
  const { received } = start(t, port, { tls: files });
  await until('the plan', () => received.length === 1);
  t.is(without.received.length, 0);
});

test('copies are reported as an Envoy reports them, at the pace that it was told', async (t) => {
  const { owner, port } = await startXds(t);
  owner.intervalMs = 100;
  const loads = new LoadReporter(identity, SYSTEM_CLOCK);
  loads.watch(['edge', 'quiet']);
  start(t, port, { onChannel: (channel) => loads.use(channel) });
  await owner.until(() => owner.loads.length > 0);
  loads.saw('edge', 'ok');
  loads.saw('edge', 'failed');
  loads.saw('edge', 'hung');
  const none = { issued: 0, succeeded: 0, failed: 0, inProgress: 0, dropped: 0 };
  await owner.until(() => owner.loads.some(([, all]) => all.some(({ issued }) => issued > 0)));
  const [node, all, interval = 0] =
    owner.loads.find(([, some]) => some.some(({ issued }) => issued > 0)) ?? [];
  t.is(node?.id, 'ngx-1');
  t.deepEqual(all, [
    { cluster: 'mirrorplane_edge', ...none, issued: 3, succeeded: 1, failed: 2 },
    { cluster: 'mirrorplane_quiet', ...none },
  ]);
  t.true(interval >= 50, String(interval));
});
