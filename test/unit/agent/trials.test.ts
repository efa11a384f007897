import test from 'ava';
import { TargetHealth } from '../../../src/agent/target-health.ts';
import { Trials } from '../../../src/agent/trials.ts';
import { renderNginx } from '../../../src/dataplanes/nginx/render.ts';
import { effectivePlan } from '../../../src/agent/effective.ts';
import { mirror, plan, target } from '../nginx/plans.ts';

const ENDPOINTS = [
  { host: '127.0.0.1', port: 1 },
  { host: 'node.example', port: 2 },
];
const ADDRESSES = new Map([['node.example', ['192.0.2.1', '2001:db8::1']]]);

/** A plan whose target is switched off at 0, and asked at 5000 for the first time. */
function begin(reacting: Set<string>) {
  let now = 0;
  const said: string[] = [];
  const health = new TargetHealth(({ state, reason }) => void said.push(`${state}: ${reason}`));
  const made = plan('lua', [mirror('edge')], target({ endpoints: ENDPOINTS }));
  const { promise, resolve } = Promise.withResolvers<void>();
  let tried = { promise, resolve };
  const trials = new Trials({
    health,
    addresses: () => ADDRESSES,
    clock: { now: () => now, wall: () => now },
    reacts: (address, port) => Promise.resolve(reacting.has(`${address} ${port}`)),
    tried: () => tried.resolve(),
  });
  trials.tick(made);
  for (let n = 0; n < 10; n++) health.saw('edge', 'failed', 1, 0);
  return {
    ...{ health, made, said },
    at: async (then: number): Promise<void> => {
      now = then;
      tried = Promise.withResolvers<void>();
      trials.tick(made);
      await tried.promise;
    },
  };
}

test('nothing is copied to a target that does not react', async (t) => {
  const { health, at, said } = begin(new Set());
  await at(5000);
  t.is(health.cap('edge'), 0);
  t.regex(
    said.at(-1) ?? '',
    /^off: it does not answer in time: 127\.0\.0\.1:1, 192\.0\.2\.1:2, \[2001:db8::1\]:2; next try in 10 s/,
  );
});

test('an address that does not react is left out of a trial, asked again and again, and taken back when it does', async (t) => {
  const reacting = new Set(['127.0.0.1 1', '2001:db8::1 2']);
  const { health, at, made, said } = begin(reacting);
  await at(5000);
  t.deepEqual(health.leftOut('edge'), ['192.0.2.1:2']);
  for (let n = 0; n < 10; n++) health.saw('edge', 'ok', 1, 5100);
  t.is(health.cap('edge'), undefined);
  t.deepEqual(health.leftOut('edge'), ['192.0.2.1:2'], 'also when it is on');

  const effective = effectivePlan(made, {
    ...{ expired: () => false, cap: () => undefined, trouble: () => undefined, addresses: ADDRESSES },
    leftOut: ({ name }) => health.leftOut(name),
  });
  t.not(effective.version, made.version);
  const where = { directory: 'live', stateListen: '127.0.0.1:1', addresses: ADDRESSES };
  t.is(
    renderNginx(effective, { ...where, driver: 'lua' }).entries.get('edge.addrs'),
    '127.0.0.1:1 [2001:db8::1]:2',
  );
  const http = renderNginx(effective, { ...where, driver: 'reload' }).files.get('http.conf') ?? '';
  t.deepEqual(http.match(/(?<=server )\S+(?= max_conns)/g), ['127.0.0.1:1', '[2001:db8::1]:2']);

  t.deepEqual(health.due(34_999), []);
  await at(35_000);
  t.deepEqual(health.leftOut('edge'), ['192.0.2.1:2']);
  reacting.add('192.0.2.1 2');
  await at(65_000);
  t.deepEqual(health.leftOut('edge'), []);
  t.deepEqual(
    said.map((one) => one.replace(/;.*/, '')),
    [
      'off: 10 of 10 copies failed',
      'trial: it answers',
      'on: it is well again',
      'on: it answers at 192.0.2.1:2 again',
    ],
  );
});
