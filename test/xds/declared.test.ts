import test from 'ava';
import type { TypeSnapshot } from '../../src/snapshot/snapshot.ts';
import type { Sent } from '../support/xds-client.ts';
import { CDS, RDS, RTDS, type XdsRig, snapshotOf, startXds, typeOf } from '../support/xds-server.ts';

const HAS = typeOf(CDS, { a: '1', b: '1' });
const ROUTES = typeOf(RDS, { r: '1', q: '1' });

function versions(type: TypeSnapshot, ...names: readonly string[]): Readonly<Record<string, string>> {
  const wanted = [...type.resources].filter(([name]) => names.length === 0 || names.includes(name));
  return Object.fromEntries(wanted.map(([name, { version }]) => [name, version]));
}

/** What the stream says of each, asked while it asks first. */
async function said(
  { owner, client }: XdsRig,
  protocol: 'sotw' | 'delta',
  request: Sent & { readonly type: string },
  ...types: readonly TypeSnapshot[]
): Promise<readonly (boolean | undefined)[]> {
  let answers: readonly (boolean | undefined)[] = [];
  owner.onSubscribed = (stream, typeUrl) => {
    if (typeUrl === request.type) answers = types.map((type) => stream.declared(type));
  };
  const one = client(protocol);
  one.send(request);
  await one.fence();
  one.cancel();
  return answers;
}

test('delta: a client says it has just this by the versions of what it is subscribed to', async (t) => {
  const rig = await startXds(t);
  rig.owner.serve(snapshotOf({}));
  const ask = (request: Sent & { readonly type: string }, ...types: readonly TypeSnapshot[]) =>
    said(rig, 'delta', request, ...types);
  const others = [{ a: '1' }, { a: '1', b: '2' }, { a: '1', b: '1', c: '1' }, {}];
  const unlike = others.map((contents) => typeOf(CDS, contents));
  t.deepEqual(await ask({ type: CDS, initial: versions(HAS) }, HAS, ...unlike), [
    true,
    false,
    false,
    false,
    false,
  ]);
  // Nothing said, and a type not asked for.
  t.deepEqual(await ask({ type: CDS }, HAS, typeOf(CDS, {}), ROUTES), [false, false, undefined]);
  // By name: what it is not subscribed to does not count, what does not exist has no version.
  const r = { type: RDS, subscribe: ['r', 'gone'], initial: versions(ROUTES, 'r') };
  t.deepEqual(
    await ask(
      r,
      ROUTES,
      typeOf(RDS, { r: '1' }),
      typeOf(RDS, { r: '1', q: '2' }),
      typeOf(RDS, { r: '2', q: '1' }),
      typeOf(RDS, { r: '1', gone: '1' }),
    ),
    [true, true, true, false, false],
  );
  // What ends by itself is said like the rest, though it is sent again.
  const layer = typeOf(RTDS, { on: '9s:1' });
  t.deepEqual(await ask({ type: RTDS, subscribe: ['on'], initial: versions(layer) }, layer), [true]);
});

test('sotw: a client says it has just this by the version it was sent for these names', async (t) => {
  const rig = await startXds(t);
  const { owner, client } = rig;
  owner.serve(snapshotOf({ [CDS]: { a: '1', b: '1' }, [RDS]: { r: '1', q: '1' } }));
  const one = client('sotw');
  one.send({ type: CDS });
  const { version: all } = await one.expect(CDS);
  one.send({ type: RDS, names: ['r'] });
  const { version: named } = await one.expect(RDS);
  one.cancel();
  const ask = (request: Sent & { readonly type: string }, ...types: readonly TypeSnapshot[]) =>
    said(rig, 'sotw', request, ...types);
  t.deepEqual(await ask({ type: CDS, version: all }, HAS, typeOf(CDS, { a: '1' }), ROUTES), [
    true,
    false,
    undefined,
  ]);
  t.deepEqual(await ask({ type: CDS }, HAS), [false]);
  const like = typeOf(RDS, { r: '1', q: '2' });
  t.deepEqual(await ask({ type: RDS, version: named, names: ['r'] }, ROUTES, like, typeOf(RDS, { r: '2' })), [
    true,
    true,
    false,
  ]);
  // The same version for other names is of other content.
  t.deepEqual(await ask({ type: RDS, version: named, names: ['r', 'q'] }, ROUTES), [false]);
});

for (const protocol of ['sotw', 'delta'] as const) {
  test(`${protocol}: what a client said counts until it acknowledges something`, async (t) => {
    const { owner, client } = await startXds(t);
    owner.serve(snapshotOf({ [CDS]: { a: '2' } }));
    const old = typeOf(CDS, { a: '1' });
    const one = client(protocol);
    one.send({ type: CDS, initial: versions(old), version: old.version });
    const response = await one.expect(CDS);
    const [stream] = owner.streams;
    t.true(stream?.declared(old));
    one.ack(response);
    await one.fence();
    t.false(stream?.declared(old));
  });
}
