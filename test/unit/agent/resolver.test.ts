import test from 'ava';
import { Resolver } from '../../../src/agent/resolver.ts';

const plan = (...hosts: readonly string[]) =>
  ({ version: 'v', mirrors: [{ target: { endpoints: hosts.map((host) => ({ host, port: 1 })) } }] }) as never;

test('names are resolved, addresses are not; one that fails keeps what it had', async (t) => {
  let now = 0;
  const asked: string[] = [];
  let answers: readonly string[] | Error = ['10.0.0.2', '10.0.0.1'];
  const lookup = (host: string): Promise<readonly string[]> => {
    asked.push(host);
    return answers instanceof Error ? Promise.reject(answers) : Promise.resolve(answers);
  };
  const resolver = new Resolver({ clock: { wall: () => now, now: () => now }, sticky: false, lookup });
  const wanted = plan('node.example', '127.0.0.1', '::1');
  t.deepEqual(await resolver.refresh(wanted), []);
  t.deepEqual(asked, ['node.example']);
  t.deepEqual([...resolver.addresses(wanted)], [['node.example', ['10.0.0.1', '10.0.0.2']]]);

  await resolver.refresh(wanted);
  t.is(asked.length, 1);
  now = 30_000;
  answers = new Error('SERVFAIL');
  t.deepEqual(await resolver.refresh(wanted), []);
  t.is(asked.length, 2);
  t.deepEqual(resolver.addresses(wanted).get('node.example'), ['10.0.0.1', '10.0.0.2']);
  t.deepEqual(await resolver.refresh(plan('other.example')), [
    'host other.example cannot be resolved: SERVFAIL',
  ]);

  resolver.keep([wanted]);
  now = 60_000;
  answers = ['10.0.0.9'];
  await resolver.refresh(wanted);
  t.deepEqual(resolver.addresses(wanted).get('node.example'), ['10.0.0.9']);
});

test('where a change costs a reload, addresses stay as long as one of them is right', async (t) => {
  let now = 0;
  let answers = ['10.0.0.1', '10.0.0.2'];
  const resolver = new Resolver({
    clock: { wall: () => now, now: () => now },
    sticky: true,
    lookup: () => Promise.resolve(answers),
  });
  const wanted = plan('node.example');
  const next = async (...found: string[]): Promise<readonly string[] | undefined> => {
    answers = found;
    now += 30_000;
    await resolver.refresh(wanted);
    return resolver.addresses(wanted).get('node.example');
  };
  t.deepEqual(await next('10.0.0.1', '10.0.0.2'), ['10.0.0.1', '10.0.0.2']);
  t.deepEqual(await next('10.0.0.2', '10.0.0.3'), ['10.0.0.1', '10.0.0.2']);
  t.deepEqual(await next('10.0.0.3'), ['10.0.0.3']);
});
