import test from 'ava';
import type { Finding } from '../../../src/dataplanes/data-plane.ts';
import { ReadBacks, type Readable } from '../../../src/delivery/read-backs.ts';
import { makeSnapshot } from '../../../src/snapshot/build.ts';
import { VirtualTimers } from '../../support/virtual-timers.ts';

const SNAPSHOT = makeSnapshot([]);
const NODE = {};

/** Asks what the test answers, and writes down what becomes of it. */
function start(
  answer: (url: string) => Promise<unknown>,
  expected = (): typeof SNAPSHOT | undefined => SNAPSHOT,
) {
  const timers = new VirtualTimers();
  const asked: number[] = [];
  const urls: string[] = [];
  const said: string[] = [];
  const began = timers.now();
  const readBacks = new ReadBacks<object>(timers, (url) => {
    asked.push(timers.now() - began);
    urls.push(url);
    return answer(url);
  });
  const readable: Readable = {
    readBack: {
      paths: ['/a'],
      judge: (_, answers) => answers.get('/a') as Finding,
    },
    address: 'http://10.0.0.1:8080',
    expected,
    found: (_, finding) => void said.push(finding.state),
    failed: (message) => void said.push(message),
  };
  return { timers, asked, urls, said, readBacks, readable };
}

test('what is not in force yet is asked for again and again, ever more seldom; what is, now and then', async (t) => {
  let state: Finding['state'] = 'other';
  const { timers, asked, urls, said, readBacks, readable } = start(() => Promise.resolve({ state }));
  readBacks.look(NODE, readable);
  await timers.passAsync(5000);
  t.deepEqual(asked, [0, 50, 150, 350, 750, 1550, 3150]);
  t.is(urls[0], 'http://10.0.0.1:8080/a');
  state = 'applied';
  await timers.passAsync(25_000);
  t.deepEqual(asked.slice(7), [5150, 15_150, 25_150]);
  t.deepEqual([...new Set(said)], ['other', 'applied']);
  readBacks.stop();
  await timers.passAsync(60_000);
  t.is(asked.length, 10);
});

test('every path is asked, and one that does not answer is a failure of all', async (t) => {
  const { timers, said, urls, readBacks, readable } = start((url) =>
    url.endsWith('/b') ? Promise.reject(new Error('refused')) : Promise.resolve({ state: 'applied' }),
  );
  const two = { ...readable, readBack: { ...readable.readBack, paths: ['/a', '/b'] } };
  readBacks.look(NODE, two);
  await timers.passAsync(60);
  t.deepEqual(said, ['refused', 'refused']);
  t.is(urls.length, 4);
});

test('an answer that nobody can judge is a failure, and it is asked again', async (t) => {
  const { timers, said, asked, readBacks, readable } = start(() => Promise.resolve('nonsense'));
  const judge = (): Finding => {
    throw new Error('cannot be judged');
  };
  readBacks.look(NODE, { ...readable, readBack: { paths: ['/a'], judge } });
  await timers.passAsync(60);
  t.deepEqual(said, ['cannot be judged', 'cannot be judged']);
  t.is(asked.length, 2);
});

test('an answer to an earlier question, or of a node that is gone, says nothing', async (t) => {
  const answers: ((finding: Finding) => void)[] = [];
  const { timers, said, readBacks, readable } = start(() => new Promise((resolve) => answers.push(resolve)));
  readBacks.look(NODE, readable);
  await timers.passAsync(1);
  readBacks.look(NODE, readable);
  await timers.passAsync(1);
  answers[0]?.({ state: 'refused', message: 'old' });
  await timers.passAsync(1);
  t.deepEqual(said, []);
  answers[1]?.({ state: 'applied' });
  await timers.passAsync(1);
  t.deepEqual(said, ['applied']);
  readBacks.look(NODE, readable);
  await timers.passAsync(1);
  readBacks.forget(NODE);
  answers[2]?.({ state: 'other' });
  await timers.passAsync(20_000);
  t.deepEqual(said, ['applied']);
  t.is(answers.length, 3);
});

test('a node that has not taken all yet is not asked until it is looked at again', async (t) => {
  let expected: typeof SNAPSHOT | undefined = undefined;
  const { timers, asked, readBacks, readable } = start(
    () => Promise.resolve({ state: 'applied' }),
    () => expected,
  );
  readBacks.look(NODE, readable);
  await timers.passAsync(30_000);
  t.deepEqual(asked, []);
  expected = SNAPSHOT;
  readBacks.look(NODE, readable);
  await timers.passAsync(1);
  t.is(asked.length, 1);
});
