import test from 'ava';
import { decodeDelta } from '../../../src/xds/requests.ts';

/** A length-delimited field. https://protobuf.dev/programming-guides/encoding/ */
function field(number: number, content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

test('what a delta client brings along is read as names and versions', (t) => {
  const entry = (name: string, version: string): Buffer =>
    field(5, Buffer.concat([field(1, name), field(2, version)]));
  const request = decodeDelta(
    Buffer.concat([
      field(2, 'type'),
      field(3, 'a'),
      entry('a', 'v1'),
      entry('b', 'v2'),
      field(5, field(1, 'c')),
    ]),
  );
  t.deepEqual(
    request.initialVersions,
    new Map([
      ['a', 'v1'],
      ['b', 'v2'],
      ['c', ''],
    ]),
  );
  t.is(request.typeUrl, 'type');
  t.deepEqual(request.subscribe, ['a']);
});
