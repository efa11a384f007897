/** A real istiod that has its configuration from us, and a stock Envoy as its gateway. */
import anyTest, { type ExecutionContext } from 'ava';
import { istiodBinary } from '../../scripts/fetch-istiod.ts';
import { binomialInterval } from '../support/binomial.ts';
import { HttpConnection, get } from '../support/http-client.ts';
import { HOST, type IstioRig, MIRROR, TARGET_CLUSTER, startIstioRig } from '../support/istio-rig.ts';
import { startLoad } from '../support/load.ts';
import { until } from '../support/until.ts';

const binary = await istiodBinary();
// Without istiod nothing is shown: these count as skipped, and never as passed.
const test = binary === undefined ? anyTest.serial.skip : anyTest.serial;
if (binary === undefined)
  anyTest('there is no istiod, and nothing of Istio is tested', (t) => {
    t.log('no istiod (ISTIOD_BIN, pilot-discovery on PATH, or Go to build it): its tests are skipped');
    t.pass();
  });

const REQUESTS = 3000;
const CONNECTIONS = 8;
const VIRTUAL_SERVICE = 'networking.istio.io/v1/VirtualService';

/** Load whose requests say in which phase they were sent, so that their copies say it too. */
class Phases {
  readonly #sent = new Map<string, number>();
  readonly #copied = new Map<string, number>();
  #phase = 'between';

  readonly onCopy = (head: { get(name: string): string | undefined }): void =>
    add(this.#copied, head.get('x-phase') ?? '?');
  readonly request = (): string => {
    add(this.#sent, this.#phase);
    return get('/', { Host: HOST, 'X-Phase': this.#phase });
  };

  begin(phase: string): void {
    this.#phase = phase;
  }

  counts(phase: string): { readonly sent: number; readonly copied: number } {
    return { sent: this.#sent.get(phase) ?? 0, copied: this.#copied.get(phase) ?? 0 };
  }
}

function add(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

// One of everything for all tests, which are serial.
const phases = new Phases();
const undo: (() => unknown)[] = [];
let rig: IstioRig;

if (binary !== undefined)
  anyTest.before(async () => {
    rig = await startIstioRig({ teardown: (call) => void undo.push(call) }, phases.onCopy);
  });
anyTest.after.always(async () => {
  for (const call of undo.reverse()) await call();
});

/** Sets it, and answers when istiod was read back and the gateway has it. */
async function setPercent(t: ExecutionContext, percent: number): Promise<void> {
  const began = Date.now();
  const { delivery } = await rig.plane.done('PATCH', `/v1/mirrors/${MIRROR}?wait=acked&timeout=10s`, {
    percent,
  });
  t.deepEqual(delivery, { nodes: 1, acked: 1, rejected: 0, pending: 0 });
  const acked = Date.now() - began;
  const { status } = await rig.plane.done('GET', `/v1/mirrors/${MIRROR}`);
  t.is(status.effectivePercent, percent);
  const wanted = percent === 0 ? [] : [percent * 10_000];
  await until('the gateway has it', async () => String(await rig.shares()) === String(wanted));
  t.log(
    `${percent} %: read back from istiod after ${acked} ms, at the gateway after ${Date.now() - began} ms`,
  );
}

test('the example of the documentation: adopted, its share as asked for, over a restart of the control plane', async (t) => {
  const mirror = await rig.plane.done('GET', `/v1/mirrors/${MIRROR}`);
  t.like(mirror, { percent: 100, target: 'wallarm-external-svc' });
  const load = startLoad({ port: rig.port, connections: CONNECTIONS, request: phases.request });
  t.teardown(() => load.stop());

  async function measure(percent: number, name: string, during?: () => Promise<void>): Promise<boolean> {
    phases.begin(name);
    await Promise.all([load.more(REQUESTS), during?.()]);
    phases.begin('between');
    await load.more(2 * CONNECTIONS);
    const { sent, copied } = phases.counts(name);
    const { low, high } = binomialInterval(sent, percent / 100);
    t.log(
      `${name}: ${copied} of ${sent} = ${((copied / sent) * 100).toFixed(2)} %, expected ${low} to ${high}`,
    );
    return sent >= REQUESTS && low <= copied && copied <= high;
  }
  /** A right share is outside its 99.9 % interval once in a thousand times: such a one is measured once more. */
  async function isRight(percent: number): Promise<boolean> {
    return (await measure(percent, `${percent} %`)) || measure(percent, `${percent} % again`);
  }

  for (const percent of [0, 0.5, 100, 25]) {
    await setPercent(t, percent);
    t.true(await isRight(percent), `${percent} %`);
  }
  const restarted = await measure(25, '25 % over a restart', () =>
    rig.restart(async () => {
      t.deepEqual(await rig.shares(), [250_000], 'without a control plane the share stays');
    }),
  );
  await until('istiod is back', async () => (await rig.state()) === 'acked');
  t.true((await measure(25, '25 % after it')) || (await measure(25, '25 % after it, again')));
  t.true(restarted || (await measure(25, '25 % once more')), '25 %, over a restart and again outside');
  await setPercent(t, 50);

  const { failed, failures } = await load.stop();
  t.is(failed, 0, failures.join('; '));
  const received = (await rig.istiod.log())
    .split('\n')
    .filter((line) => line.includes(`Received\ttype=${VIRTUAL_SERVICE}`));
  t.true(received.length >= 6);
  t.deepEqual(
    received.filter((line) => !line.includes('count=1')),
    [],
    'nothing was ever taken away',
  );
  const [copy] = rig.wallarm.heads;
  t.is(copy?.get('host'), HOST, 'without -shadow');
});

test('what is not valid is refused and never served', async (t) => {
  const before = await rig.istiod.configs();
  for (const [from, to, path] of [
    [
      '      mirror:',
      '      mirrorPercentage: { value: 150 }\n      mirror:',
      'http[0].mirrorPercentage.value',
    ],
    ['weight: 100', 'wieght: 100', 'http[0].route[0].wieght'],
    ['- route:', '- redirect: { uri: /x }\n      route:', 'http[0]'],
    ['- route:', '- timeout: 0s\n      route:', 'http[0].timeout'],
    ['- route:', '- retries: { attempts: 2, retryOn: always }\n      route:', 'http[0].retries.retryOn'],
  ] as const) {
    const { status, body } = await rig.plane.call(
      'PUT',
      '/v1/fleets/mesh/config',
      rig.config.replace(from, to),
    );
    t.is(status, 400);
    t.deepEqual(
      body.errors.map((error: { path: string }) => error.path),
      [`VirtualService/default/httpbin.spec.${path}`],
    );
  }
  t.deepEqual(await rig.istiod.configs(), before);
});

test('what istiod acknowledges and then ignores is no success: it is taken back', async (t) => {
  await rig.plane.done('PUT', '/v1/fleets/mesh', { ...rig.fleet, delivery: { ackTimeout: '2s' } });
  const before = await rig.istiod.configs();
  // CEL is nothing that our checks know of.
  const ignored = `${rig.config}---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: logs }
spec: { accessLogging: [{ filter: { expression: 'response.code >' } }] }
`;
  const { delivery } = await rig.plane.done('PUT', '/v1/fleets/mesh/config?wait=acked&timeout=10s', ignored);
  t.like(delivery, { nodes: 1, acked: 0, verdict: { verdict: 'rejected' } });
  t.regex(
    delivery.verdict.message,
    /has not acknowledged it within 2 s: istiod does not have Telemetry\/default\/logs$/,
  );
  await until('istiod has what it had', async () => (await rig.state()) === 'acked');
  t.deepEqual(await rig.istiod.configs(), before);
});

test('a node that stops reading holds up an upload no longer than a copy may take', async (t) => {
  await setPercent(t, 100);
  await rig.wallarm.setMode('not-reading');
  const body = Buffer.alloc(24 * 1024 * 1024, 'a');
  const client = await HttpConnection.open(rig.port);
  t.teardown(() => client.close());
  const began = Date.now();
  const answer = await client.send(
    get('/up', { Host: HOST, 'Content-Length': String(body.length) }, 'POST'),
    body,
  );
  t.log(`24 MiB in ${Date.now() - began} ms`);
  t.regex(answer.firstLine, /200/);
  t.true(Date.now() - began < 8000);
  t.is(await rig.envoy.stat(`cluster.${TARGET_CLUSTER};.upstream_rq_max_duration_reached`), 1);
  await rig.wallarm.setMode('ok');
});

test('without an address to read back from, nothing is called acknowledged', async (t) => {
  const { readBack: _, ...fleet } = rig.fleet;
  await rig.plane.done('PUT', '/v1/fleets/mesh', fleet);
  const { delivery } = await rig.plane.done('PATCH', `/v1/mirrors/${MIRROR}?wait=acked&timeout=5s`, {
    percent: 5,
  });
  t.deepEqual(delivery, { nodes: 1, acked: 0, rejected: 0, pending: 0, unconfirmed: 1 });
  const { status } = await rig.plane.done('GET', `/v1/mirrors/${MIRROR}`);
  t.is(status.effectivePercent, null);
  await until('the gateway has it', async () => String(await rig.shares()) === '50000');
});
