import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { checkTarget } from '../../../src/model/check-target.ts';
import { askNode } from '../../../src/rollout/ask-node.ts';
import { NodeWatch } from '../../../src/rollout/node-watch.ts';
import type { Fetch } from '../../../src/rollout/prometheus.ts';
import { VirtualTimers } from '../../support/virtual-timers.ts';

/** A loaded machine is no slow node. */
const LONG_MS = 20_000;

async function serve(t: ExecutionContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function ask(url: string, timeoutMs = LONG_MS) {
  return askNode(url, { timeoutMs, fetch, body: true });
}

test('an answer has an end in time, also where it has begun', async (t) => {
  const silent = await ask(await serve(t, () => undefined), 300);
  t.deepEqual(silent, { answered: false, reason: 'no answer in 300 ms' });
  const endless = await ask(await serve(t, (_, response) => void response.write('{')), 300);
  t.deepEqual(endless, { answered: false, reason: 'no answer in 300 ms' });
});

test('an answer has an end in size', async (t) => {
  const url = await serve(t, (_, response) => void response.end('x'.repeat(2 * 1024 * 1024)));
  const answer = await ask(url);
  t.deepEqual(answer, { answered: false, reason: 'it answered with more than 1048576 bytes' });
});

test('a redirect is an answer, and is not followed', async (t) => {
  let asked = 0;
  const url = await serve(t, (_, response) => {
    asked += 1;
    response.writeHead(302, { location: '/elsewhere' }).end('x');
  });
  t.deepEqual(await ask(url), { answered: true, status: 302, text: '' });
  t.is(asked, 1);
});

test('nobody there, and no URL at all, are no answers, and say so', async (t) => {
  // One that fetch does ask, and where nothing listens.
  const refused = await ask('http://127.0.0.1:3/');
  t.deepEqual(refused, { answered: false, reason: 'connect ECONNREFUSED 127.0.0.1:3' });
  t.false((await ask('http://[::1].example/')).answered);
});

test('a node that is slow is asked again only when it has answered; one that is not watched any more is not', async (t) => {
  const timers = new VirtualTimers();
  const waiting: ((response: Response) => void)[] = [];
  const slow: Fetch = () => new Promise((resolve) => waiting.push(resolve));
  const checked = checkTarget('w', {
    kind: 'wallarm',
    endpoints: [{ host: 'n' }],
    node: { status: { interval: '1s' } },
  });
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  const unexpected = (error: unknown): void => t.fail(String(error));
  const watch = new NodeWatch(checked.value, {
    timers,
    fetch: slow,
    onHealth: () => undefined,
    onError: unexpected,
  });
  watch.start();
  await timers.passAsync(10_000);
  t.is(waiting.length, 1);
  waiting[0]?.(new Response('{"requests":1}'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  await timers.passAsync(1);
  t.is(waiting.length, 2);
  t.is(watch.rounds.length, 1);
  watch.stop();
  waiting[1]?.(new Response('{"requests":2}'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  await timers.passAsync(10_000);
  t.is(waiting.length, 2);
  t.is(watch.rounds.length, 1);
});

test('two ports of one host are one node to be read, and two hosts are two', async (t) => {
  const urls: string[] = [];
  const note: Fetch = (url) => {
    urls.push(url.href);
    return Promise.resolve(new Response('{"requests":1}'));
  };
  const endpoints = [{ host: 'a', port: 1 }, { host: 'A', port: 2 }, { host: '::1' }];
  const checked = checkTarget('w', { kind: 'wallarm', endpoints, node: { status: true } });
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  const timers = new VirtualTimers();
  const watch = new NodeWatch(checked.value, {
    timers,
    fetch: note,
    onHealth: () => undefined,
    onError: () => t.fail(),
  });
  watch.start();
  await new Promise((resolve) => setTimeout(resolve, 20));
  watch.stop();
  t.deepEqual(urls, ['http://a/wallarm-status', 'http://[::1]/wallarm-status']);
  t.true(watch.nodes.every(({ tally }) => tally !== undefined));
});
