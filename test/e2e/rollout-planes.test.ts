import { join } from 'node:path';
import test from 'ava';
import { startLoad } from '../support/load.ts';
import { Nginx, freePorts } from '../support/nginx.ts';
import { NginxAgent } from '../support/nginx-agent.ts';
import { startRig } from '../support/rig.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { until } from '../support/until.ts';
import { WallarmNodeApi } from '../support/wallarm-node-api.ts';

/** Proof of one plan for all: an Envoy and an NGINX go up together, and down together when the node itself is unwell. */
test('one rollout over a fleet of Envoy and one of NGINX is aborted by what the node counts', async (t) => {
  const { origin, wallarm, plane, envoy: join1 } = await startRig(t, { mirror: { percent: 0 } });
  const api = await WallarmNodeApi.start(t, () => wallarm.count);
  await plane.done('PATCH', '/v1/targets/wallarm', { kind: 'wallarm', node: api.probes });

  await plane.done('PUT', '/v1/fleets/ngx', { dataPlane: 'nginx' });
  await plane.done('PUT', '/v1/fleets/ngx/config', 'location / { include mirrorplane/location.conf; }');
  await plane.done('PUT', '/v1/mirrors/ngx-wallarm', { fleet: 'ngx', target: 'wallarm', percent: 0 });
  const [port = 0, stateListen = 0] = await freePorts(2);
  const edge = await Nginx.prepare({
    port,
    lua: true,
    http: (directory) => `
      include ${join(directory, 'mirrorplane')}/http.conf;
      server {
        listen 127.0.0.1:${port};
        include mirrorplane/server.conf;
        location / {
          include mirrorplane/location.conf;
          proxy_http_version 1.1;
          proxy_pass http://127.0.0.1:${origin.port};
        }
      }`,
  });
  t.teardown(() => edge.stop());
  const agent = await NginxAgent.start({
    ...{ nginx: edge, xds: plane.xds, cluster: 'ngx', node: 'ngx-1' },
    ...{ driver: 'lua', stateListen: `127.0.0.1:${stateListen}`, state: temporaryDirectory(t) },
  });
  t.teardown(() => agent.stop());
  await edge.start();
  const envoy = await join1('edge-1');
  await until('both nodes have what they should', async () => {
    const { items } = await plane.done('GET', '/v1/nodes');
    return items.length === 2 && items.every(({ state }: { state: string }) => state === 'acked');
  });

  const loads = [await envoy.port(), port].map((one) => startLoad({ port: one, connections: 2 }));
  t.teardown(() => Promise.all(loads.map((load) => load.stop())));
  const effective = async (): Promise<readonly number[]> =>
    Promise.all(
      ['edge-wallarm', 'ngx-wallarm'].map(
        async (name) => (await plane.done('GET', `/v1/mirrors/${name}`)).status.effectivePercent,
      ),
    );
  const reaches = (state: string, step: number): Promise<any> =>
    until(`the rollout is ${state} at step ${step}`, async () => {
      const { status } = await plane.done('GET', '/v1/rollouts/both');
      if (['aborted', 'paused', 'done'].includes(status.state) && status.state !== state)
        throw new Error(`it is ${status.state}: ${status.reason} ${JSON.stringify(status.gates)}`);
      return status.state === state && status.step === step && status;
    });

  await plane.done('PUT', '/v1/rollouts/both', {
    mirrors: ['edge-wallarm', 'ngx-wallarm'],
    steps: [{ percent: 5 }, { percent: 50, approval: 'manual' }, { percent: 100 }],
    gates: [
      { metric: 'rejections', max: 0 },
      { metric: 'nodeErrors', max: 0.01 },
      { metric: 'nodeRequestsLost', max: 0.01 },
      { metric: 'nodeCoverage', min: 0.5 },
    ],
    interval: '1s',
    missingData: 'wait',
  });
  await plane.done('POST', '/v1/rollouts/both/start');
  await reaches('holding', 1);
  t.deepEqual(await effective(), [50, 50]);
  await until('the node sees copies of both', async () => {
    const items = await Promise.all(
      ['edge-wallarm', 'ngx-wallarm'].map((name) => plane.done('GET', `/v1/mirrors/${name}`)),
    );
    return items.every(({ status }) => status.recent.copies > 100);
  });

  // From now on the node cannot analyse half of what it gets, and answers all the same.
  const timer = setInterval(() => {
    api.counters['tnt_errors'] = Math.floor(wallarm.count / 2);
  }, 50);
  t.teardown(() => clearInterval(timer));
  const { reason } = await reaches('aborted', 1);
  t.regex(reason, /nodeErrors/);
  await until('both copy nothing', async () => {
    const percents = await effective();
    return percents.every((percent) => percent === 0);
  });
  const { items } = await plane.done('GET', '/v1/revisions');
  t.true(items.some(({ reason: why = '' }: { reason?: string }) => why.includes('nodeErrors')));
  for (const result of await Promise.all(loads.map((load) => load.stop()))) t.deepEqual(result.failures, []);
});
