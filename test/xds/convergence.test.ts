import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { ModelClient, TYPES, type Type } from '../support/model-client.ts';
import { CDS, type Contents, EDS, LDS, RDS, expiryIn, snapshotOf } from '../support/xds-server.ts';

const NAMES = ['a', 'b', 'c', 'd'] as const;

function contents(values: readonly string[]): fc.Arbitrary<Contents> {
  const type = fc.dictionary(fc.constantFrom(...NAMES), fc.constantFrom(...values), { maxKeys: 4 });
  return fc.record(Object.fromEntries(TYPES.map((name) => [name, type])));
}

type Step =
  | { readonly do: 'serve'; readonly contents: Contents | undefined }
  | { readonly do: 'subscribe' | 'unsubscribe'; readonly type: Type; readonly names: readonly string[] }
  | { readonly do: 'read' | 'reconnect' | 'expire' | 'keepAlive' };

const names = fc.uniqueArray(fc.constantFrom('*', ...NAMES), { maxLength: 3 });
const type = fc.constantFrom(...TYPES);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('serve' as const),
      contents: contents(['1', '2', 'eds', 'bad', '9s:1', '30s:1', '9s:bad']),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'serve' as const, contents: undefined }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('subscribe' as const), type, names }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('unsubscribe' as const), type, names }) },
  { weight: 10, arbitrary: fc.constant({ do: 'read' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('reconnect' as const, 'expire' as const, 'keepAlive' as const),
    }),
  },
);

function take(client: ModelClient, step: Step): void {
  switch (step.do) {
    case 'serve':
      return client.serve(step.contents && snapshotOf(step.contents));
    case 'subscribe':
      return client.subscribe(step.type, step.names);
    case 'unsubscribe':
      return client.unsubscribe(step.type, step.names);
    case 'read':
      return client.read();
    case 'reconnect':
      return client.reconnect();
    case 'expire':
      return client.expire();
    case 'keepAlive':
      return client.keepAlive();
  }
}

/** It has all of this that it asked for, and its owner knows. */
function assertHas(client: ModelClient, contents: Contents): void {
  for (const typeUrl of TYPES) {
    const { asked, wildcard } = client.model(typeUrl);
    if (!asked) continue;
    const wanted = Object.fromEntries(
      Object.entries(contents[typeUrl] ?? {})
        .filter(([name]) => client.covers(typeUrl, name))
        .map(([name, text]) => [name, expiryIn(text).content] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
    const has = Object.entries(client.contents(typeUrl)).filter(
      // State of the world: absence from an answer to names means nothing.
      ([name]) => client.protocol === 'delta' || wildcard || name in wanted,
    );
    assert.deepEqual(Object.fromEntries(has), wanted, typeUrl);
    assert.ok(client.owner.has(typeUrl), `${typeUrl} is acknowledged`);
  }
}

for (const protocol of ['sotw', 'delta'] as const) {
  test(`${protocol}: whatever a client asks, rejects and loses, it ends with what it is served`, (t) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), contents(['1', '2', 'eds', '9s:1']), (steps, last) => {
        const client = new ModelClient(protocol);
        for (const one of steps) {
          take(client, one);
          const out = client.inbox.map(({ typeUrl }) => typeUrl);
          if (new Set(out).size !== out.length) assert.fail('two responses of a type are out');
        }
        const final = snapshotOf(last);
        client.serve(final);
        client.settle();
        client.keepAlive();
        client.settle();
        assertHas(client, last);
        client.close();
        if (client.pool.size > 0 || client.owner.streams.size > 0) assert.fail('state was kept');
      }),
      { numRuns: 1000, includeErrorInReport: true },
    );
    t.pass();
  });

  test(`${protocol}: what ended at a client is back after the next heartbeat, whatever is on its way`, (t) => {
    const moves = fc.constantFrom('read', 'reconnect', 'expire', 'keepAlive');
    const names = fc.array(fc.constantFrom(...NAMES), { minLength: 1 });
    fc.assert(
      fc.property(contents(['9s:1', '1']), names, fc.array(moves), (served, asked, steps) => {
        const client = new ModelClient(protocol);
        client.serve(snapshotOf(served));
        for (const typeUrl of TYPES) client.subscribe(typeUrl, asked);
        for (const move of steps) take(client, { do: move });
        client.settle();
        client.keepAlive();
        client.settle();
        assertHas(client, served);
        client.close();
      }),
      { numRuns: 500, includeErrorInReport: true },
    );
    t.pass();
  });

  test(`${protocol}: a client never has a route without its cluster, however changes overlap`, (t) => {
    // `r` and `s` name the clusters they route to.
    const world = fc.record({
      r: fc.constantFrom(...NAMES),
      s: fc.constantFrom(...NAMES),
      version: fc.constantFrom('1', '2'),
      spare: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 2 }),
    });
    const moves = fc.array(fc.oneof(world, fc.constant('read' as const), fc.constant('read' as const)), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(world, moves, (first, rest) => {
        const snapshot = ({ r, s, version, spare }: typeof first): ReturnType<typeof snapshotOf> =>
          snapshotOf({
            [CDS]: Object.fromEntries([r, s, ...spare].map((name) => [name, `eds ${version}`])),
            [EDS]: Object.fromEntries(NAMES.map((name) => [name, version])),
            [LDS]: { l: version },
            [RDS]: { r, s },
          });
        const client = new ModelClient(protocol);
        client.serve(snapshot(first));
        client.subscribe(CDS, ['*']);
        client.settle();
        client.subscribe(EDS, [...NAMES]);
        client.subscribe(LDS, ['*']);
        client.subscribe(RDS, ['r', 's']);
        client.settle();
        client.onRead = () => {
          const clusters = client.contents(CDS);
          for (const cluster of Object.values(client.contents(RDS))) {
            if (!(cluster in clusters)) assert.fail(`a route to ${cluster}, which is not there`);
          }
        };
        for (const move of rest) {
          if (move === 'read') client.read();
          else client.serve(snapshot(move));
        }
        client.settle();
        for (const typeUrl of [CDS, EDS, LDS, RDS]) assert.ok(client.owner.has(typeUrl));
        client.close();
      }),
      { numRuns: 1000, includeErrorInReport: true },
    );
    t.pass();
  });
}
