import test from 'ava';
import type { ExecutionContext } from 'ava';
import { ControlError } from '../../../src/control/types.ts';
import type { Opinion } from '../../../src/control/types.ts';
import { ME, TARGET, fakeConfig, openControl } from '../../support/open-control.ts';

interface Asked {
  readonly structure: string;
  readonly answer: (opinion: Opinion) => void;
  readonly fail: (why: string) => void;
}

/** Control with a data plane that is asked, and answers when the test wants it to. */
async function asking(t: ExecutionContext) {
  const asked: Asked[] = [];
  let next = Promise.withResolvers<Asked>();
  const open = await openControl(t, undefined, (_, { structure }) => {
    const { promise, resolve, reject } = Promise.withResolvers<Opinion>();
    const one = { structure, answer: resolve, fail: (why: string) => reject(new Error(why)) };
    asked.push(one);
    next.resolve(one);
    next = Promise.withResolvers();
    return promise;
  });
  return { ...open, asked, toBeAsked: () => next.promise };
}

const FINE: Opinion = { check: 'envoy', issues: [] };
const config = (listeners: number) => fakeConfig({ listeners, routes: ['a'] });

test('while a data plane is asked others write, a stop above all', async (t) => {
  const { control, asked, toBeAsked } = await asking(t);
  const question = toBeAsked();
  const write = control.putConfig('edge', config(1), ME);
  const { answer } = await question;
  const stopped = await control.stop('*', ME);
  await control.putTarget('wallarm', TARGET, ME);
  t.is(stopped.revision, 1);
  t.false(control.state.config.has('edge'), 'it is not written before it was asked about');
  answer(FINE);
  const { revision, checks } = await write;
  t.is(revision, 3);
  t.deepEqual(checks, ['schema', 'references', 'envoy']);
  t.is(asked.length, 1, 'asked once: the others changed nothing of it');
});

test('what another write made of it meanwhile is asked about anew', async (t) => {
  const { control, asked, toBeAsked } = await asking(t);
  let question = toBeAsked();
  const first = control.putConfig('edge', config(1), ME);
  const one = await question;
  question = toBeAsked();
  const second = control.putConfig('edge', config(2), ME);
  (await question).answer(FINE);
  await second;
  question = toBeAsked();
  await control.putTarget('wallarm', TARGET, ME);
  const mirror = control.putMirror('m', { fleet: 'edge', target: 'wallarm', percent: 5 }, ME);
  (await question).answer(FINE);
  await mirror;
  question = toBeAsked();
  one.answer(FINE);
  const again = await question;
  t.not(again.structure, one.structure, 'there is a mirror in it now');
  again.answer({ check: 'envoy', issues: [{ path: '', message: 'not with a mirror' }] });
  const error = await t.throwsAsync(first, { instanceOf: ControlError });
  t.is(error.code, 'invalid');
  t.deepEqual(control.nativeConfig('edge')?.counts, { listeners: 2, routes: 1 });
  t.is(asked.length, 4);
});

test('one that cannot be asked changes nothing, and is no fault of who writes', async (t) => {
  const { control, toBeAsked } = await asking(t);
  const question = toBeAsked();
  const write = control.putConfig('edge', config(1), ME);
  (await question).fail('no such file');
  const error = await t.throwsAsync(write, { instanceOf: ControlError, code: 'unavailable' });
  t.regex(error.message, /envoy could not be asked about fleet "edge"/);
  t.regex(String(error.cause), /no such file/);
  t.is(control.state.revision, 0);
});

test('who meets others each time gives up, and says so', async (t) => {
  let others = 0;
  let isOther = true;
  const { control } = await openControl(t, undefined, async () => {
    if (isOther) return FINE;
    isOther = true;
    others += 1;
    await control.putMirror(`m${others}`, { fleet: 'edge', target: 'wallarm', percent: 5 }, ME);
    isOther = false;
    return FINE;
  });
  await control.putTarget('wallarm', TARGET, ME);
  await control.putConfig('edge', config(9), ME);
  isOther = false;
  const error = await t.throwsAsync(control.putConfig('edge', config(1), ME), {
    instanceOf: ControlError,
  });
  t.is(error.code, 'conflict');
  t.regex(error.message, /try again/);
  t.true(others > 1, 'it tried more than once');
  t.deepEqual(control.nativeConfig('edge')?.counts, { listeners: 9, routes: 1 });
});
