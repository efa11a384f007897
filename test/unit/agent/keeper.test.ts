import test from 'ava';
import type { Sent } from '../../../src/agent/disk.ts';
import type { Outcome } from '../../../src/agent/install.ts';
import { Keeper } from '../../../src/agent/keeper.ts';
import type { Trouble } from '../../../src/agent/setting.ts';
import { Throttle } from '../../../src/agent/throttle.ts';
import type { Limit, Plan, PlannedMirror } from '../../../src/dataplanes/nginx/plan.ts';

function planned(version: string, percent = 1_000_000): Sent {
  const mirrors = [{ name: 'edge', percent } as PlannedMirror];
  return { resourceVersion: `r-${version}`, plan: { version, mirrors } };
}

/** A keeper with an NGINX that does what it is told, unless it is told otherwise. */
function begin(good?: Sent) {
  const time = { now: 0 };
  const said: string[] = [];
  const nginx = {
    running: true,
    has: undefined as string | undefined,
    reloads: 0,
    needsReload: true,
    refuses: undefined as string | undefined,
    cap: undefined as number | undefined,
    expired: false,
    limits: new Map() as ReadonlyMap<string, Limit>,
    surveys: 0,
    complaints: [] as string[],
    trouble: undefined as Trouble | undefined,
    loops: [] as string[],
  };
  const apply = (plan: Plan): Promise<Outcome> => {
    if (!nginx.running) return Promise.resolve({ kind: 'absent', message: '' });
    if (nginx.refuses !== undefined) return Promise.resolve({ kind: 'refused', message: nginx.refuses });
    nginx.has = plan.version;
    if (nginx.needsReload) nginx.reloads++;
    return Promise.resolve({ kind: 'applied' });
  };
  const keeper = new Keeper({
    driver: {
      version: () => Promise.resolve(nginx.running ? nginx.has : undefined),
      prepare: (plan) =>
        Promise.resolve({ changed: nginx.needsReload ? ['http.conf'] : [], apply: () => apply(plan) }),
    },
    isRunning: () => Promise.resolve(nginx.running),
    save: (sent) => Promise.resolve(void said.push(`saved ${sent.plan.version}`)),
    client: {
      start: () => undefined,
      stop: () => void said.push('stopped'),
      announce: () => void said.push('announced'),
      ack: () => void said.push('ack'),
      nack: (message) => void said.push(`nack ${message}`),
      limit: (limits) => void (nginx.limits = limits),
    },
    resolver: {
      addresses: () => new Map(),
      refresh: () => Promise.resolve(nginx.complaints),
      keep: () => undefined,
    },
    survey: {
      update: () => Promise.resolve(void nginx.surveys++),
      troubleOf: () => nginx.trouble,
      loops: () => nginx.loops,
    },
    health: { cap: () => nginx.cap, leftOut: () => [] },
    contact: { hasExpired: () => nginx.expired, watch: () => undefined },
    throttle: new Throttle(2000),
    clock: { wall: () => 0, now: () => time.now },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    good,
  });
  const after = async (ms: number): Promise<void> => {
    time.now += ms;
    await keeper.step();
  };
  return { keeper, nginx, said, after };
}

test('a plan is acknowledged when NGINX has it, and kept on disk before that', async (t) => {
  const { keeper, nginx, said, after } = begin();
  await after(0);
  t.deepEqual(said, [], 'without any plan NGINX is left alone');
  keeper.receive(planned('a'));
  await after(0);
  t.deepEqual(said, ['saved a', 'ack']);
  t.is(keeper.resourceVersion, 'r-a');
  keeper.receive(planned('a'));
  await after(0);
  t.deepEqual(said, ['saved a', 'ack', 'ack'], 'the same again is no reload');
  t.is(nginx.reloads, 1);
});

test('of plans that come faster than reloads may be the newest wins; what stops a mirror does not wait', async (t) => {
  const { keeper, nginx, said, after } = begin();
  for (const version of ['a', 'b']) {
    keeper.receive(planned(version));
    await after(0);
  }
  for (const version of ['c', 'd']) {
    keeper.receive(planned(version));
    await after(10);
  }
  t.is(nginx.has, 'b');
  await after(2000);
  t.is(nginx.has, 'd');
  t.is(nginx.reloads, 3);
  keeper.receive(planned('stop', 0));
  await after(300);
  t.is(nginx.has, 'stop');
  t.is(said.at(-1), 'ack');
});

test('what is refused is told in its words, is not in force, and is taken when nothing is in its way any more', async (t) => {
  const { keeper, nginx, said, after } = begin(planned('a'));
  await after(0);
  nginx.refuses = 'nginx: [emerg] no';
  keeper.receive(planned('b'));
  await after(0);
  t.is(said.at(-1), 'nack nginx: [emerg] no');
  t.is(nginx.has, 'a');
  t.is(keeper.resourceVersion, 'r-a');
  await after(1000);
  nginx.refuses = undefined;
  await after(1000);
  t.is(nginx.has, 'a', 'not at once');
  await after(5000);
  t.is(nginx.has, 'b');
  t.deepEqual(said.slice(-2), ['saved b', 'announced'], 'a rejection cannot be taken back on its stream');
});

test('a plan whose target has no address is refused, and what was refused is forgotten on a new stream', async (t) => {
  const { keeper, nginx, said, after } = begin(planned('a'));
  await after(0);
  nginx.complaints = ['host x cannot be resolved: ENOTFOUND'];
  keeper.receive(planned('b'));
  await after(0);
  t.is(said.at(-1), 'nack host x cannot be resolved: ENOTFOUND');
  nginx.complaints = [];
  keeper.connected();
  await after(60_000);
  t.is(nginx.has, 'a');
});

test('an NGINX that lost what it had is given it again, and one that does not run is not spoken for', async (t) => {
  const { nginx, said, after } = begin(planned('a'));
  nginx.needsReload = false;
  await after(0);
  nginx.has = '';
  await after(1000);
  t.is(nginx.has, 'a');
  nginx.running = false;
  await after(1000);
  t.is(said.at(-1), 'stopped');
});

test('what is unwell or expired is at 0, with a version of its own, and comes back', async (t) => {
  const { nginx, after } = begin(planned('a'));
  await after(0);
  nginx.cap = 0;
  await after(3000);
  t.regex(nginx.has ?? '', /^a\.[0-9a-f]{8}$/);
  const off = nginx.has;
  nginx.cap = undefined;
  nginx.expired = true;
  await after(3000);
  t.is(nginx.has, off, 'the same is in force');
  nginx.expired = false;
  await after(3000);
  t.is(nginx.has, 'a');
});

test('what the agent wants by itself and cannot have is tried again, and less often where that takes reloads', async (t) => {
  const { nginx, after } = begin(planned('a'));
  await after(0);
  nginx.refuses = 'no';
  nginx.cap = 0;
  await after(3000);
  nginx.refuses = undefined;
  await after(3000);
  t.is(nginx.has, 'a');
  await after(3000);
  t.not(nginx.has, 'a');
});

test('a removed plan is one with nothing to mirror', async (t) => {
  const { keeper, nginx, said, after } = begin(planned('a'));
  await after(0);
  keeper.receive(undefined);
  await after(300);
  t.is(nginx.has, 'none');
  t.deepEqual(said, ['saved none', 'ack']);
  t.is(keeper.resourceVersion, undefined);
});

test('a mirror that no location includes is acknowledged, and said to be at nothing before that', async (t) => {
  const { keeper, nginx, said, after } = begin();
  nginx.trouble = { reason: 'not-included', message: 'nowhere' };
  keeper.receive(planned('a', 250_000));
  await after(0);
  t.is(said.at(-1), 'ack');
  t.is(nginx.has, 'a', 'as it was sent: its owner may include it at any time');
  t.deepEqual([...nginx.limits], [['edge', { percent: 0, reason: 'not-included' }]]);
  nginx.trouble = undefined;
  await after(1000);
  t.deepEqual([...nginx.limits], []);
  keeper.receive(planned('b'));
  const before = nginx.surveys;
  await after(3000);
  t.true(nginx.surveys > before + 1, 'its owner may have changed it before the reload');
});

test('a plan that would copy to the NGINX itself is refused; what becomes such is at 0 until it is none', async (t) => {
  const { keeper, nginx, said, after } = begin(planned('a'));
  await after(0);
  nginx.loops = ['mirror edge would copy to this NGINX itself'];
  keeper.receive(planned('b'));
  await after(3000);
  t.is(said.at(-1), 'nack mirror edge would copy to this NGINX itself');
  t.is(nginx.has, 'a');
  nginx.trouble = { reason: 'loop', message: 'a loop' };
  await after(3000);
  t.regex(nginx.has ?? '', /^a\./);
  t.deepEqual([...nginx.limits], [['edge', { percent: 0, reason: 'loop' }]]);
  Object.assign(nginx, { trouble: undefined, loops: [] });
  await after(60_000);
  t.is(nginx.has, 'b');
  t.deepEqual([...nginx.limits], []);
});

test('what holds a mirror down is said', async (t) => {
  const { nginx, after } = begin(planned('a'));
  nginx.needsReload = false;
  const reason = async (): Promise<string | undefined> => {
    await after(1000);
    return nginx.limits.get('edge')?.reason;
  };
  t.is(await reason(), undefined);
  nginx.cap = 10_000;
  t.is(await reason(), 'unwell');
  nginx.expired = true;
  t.is(await reason(), 'expired');
  nginx.trouble = { reason: 'misplaced', message: '' };
  t.is(await reason(), 'misplaced');
  Object.assign(nginx, { cap: undefined, expired: false, trouble: undefined, refuses: 'no' });
  nginx.has = '';
  t.is(await reason(), 'unknown');
});
