import test from 'ava';
import type { Processes } from '../../../src/agent/nginx.ts';
import type { Setting } from '../../../src/agent/setting.ts';
import { Survey } from '../../../src/agent/survey.ts';
import type { Directive } from '../../../src/dataplanes/nginx/config/tokens.ts';
import type { PlannedMirror } from '../../../src/dataplanes/nginx/plan.ts';

function begin(processes: Processes | undefined) {
  const nginx = { processes, disk: 'first', broken: false, now: 0, reads: 0, failures: 0 };
  const survey = new Survey({
    clock: { wall: () => 0, now: () => nginx.now },
    read: () => {
      nginx.reads++;
      if (nginx.broken) return Promise.reject(new Error('it is being edited'));
      return Promise.resolve([{ name: nginx.disk, args: [], line: 1 }]);
    },
    settingOf: ([one]: readonly Directive[]) =>
      ({ troubleOf: () => ({ reason: 'loop', message: one?.name }) }) as unknown as Setting,
    processes: () => Promise.resolve(nginx.processes),
    failed: () => void nginx.failures++,
  });
  const loaded = async (ms = 1000): Promise<string | undefined> => {
    nginx.now += ms;
    await survey.update();
    return survey.troubleOf({} as PlannedMirror, new Map())?.message;
  };
  return { nginx, loaded };
}

test('what is on disk counts when NGINX has new processes, and not before', async (t) => {
  const { nginx, loaded } = begin({ master: 1, children: [2, 3] });
  t.is(await loaded(), 'first');
  nginx.disk = 'second';
  t.is(await loaded(), 'first');
  t.is(await loaded(60_000), 'first');
  nginx.processes = { master: 1, children: [2, 3, 4] };
  t.is(await loaded(), 'second');
  nginx.disk = 'third';
  nginx.processes = { master: 1, children: [4] };
  t.is(await loaded(), 'second', 'an old worker that ends is no reload');
  nginx.processes = { master: 9, children: [] };
  t.is(await loaded(), 'third');
  nginx.disk = 'fourth';
  nginx.processes = undefined;
  t.is(await loaded(60_000), 'fourth', 'what it would have');
});

test('what cannot be read is read again, soon', async (t) => {
  const { nginx, loaded } = begin({ master: 1, children: [2] });
  nginx.broken = true;
  t.is(await loaded(), undefined);
  t.is(await loaded(), undefined);
  t.is(nginx.failures, 1, 'said once');
  nginx.broken = false;
  t.is(await loaded(), 'first');
});

test('where the system tells of no processes the disk has to do; it is not read all the time', async (t) => {
  const { nginx, loaded } = begin({ master: 1, children: undefined });
  t.is(await loaded(), 'first');
  nginx.disk = 'second';
  t.is(await loaded(), 'first');
  t.is(nginx.reads, 1);
  t.is(await loaded(10_000), 'second');
});
