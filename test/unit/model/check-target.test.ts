import test from 'ava';
import fc from 'fast-check';
import { checkTarget } from '../../../src/model/check-target.ts';
import { presentTarget } from '../../../src/model/present.ts';
import { DEFAULT_LIMITS } from '../../../src/model/target.ts';
import { CERTIFICATE } from '../../support/certificate.ts';

const ENDPOINTS = [{ host: 'wallarm', port: 8445 }];

function issuesOf(input: unknown, name = 'wallarm'): Record<string, string> {
  const checked = checkTarget(name, input);
  return Object.fromEntries(checked.ok ? [] : checked.issues.map(({ path, message }) => [path, message]));
}

function pathsOf(input: unknown): string[] {
  return Object.keys(issuesOf(input)).sort();
}

test('endpoints are enough; the rest has defaults', (t) => {
  const checked = checkTarget('wallarm', { endpoints: ENDPOINTS });
  t.deepEqual(checked, {
    ok: true,
    value: { name: 'wallarm', endpoints: ENDPOINTS, protocol: 'http1', limits: DEFAULT_LIMITS },
    warnings: [],
  });
});

test('the value is frozen all the way down', (t) => {
  const checked = checkTarget('wallarm', { endpoints: ENDPOINTS });
  t.true(checked.ok && Object.isFrozen(checked.value) && Object.isFrozen(checked.value.endpoints[0]));
  t.true(checked.ok && Object.isFrozen(checked.value.limits));
});

test('every field is read', (t) => {
  const checked = checkTarget('wallarm', {
    endpoints: [
      { host: '10.0.0.1', port: 443 },
      { host: '::1', port: 1 },
    ],
    protocol: 'http2',
    tls: { serverName: 'node.example', ca: CERTIFICATE, certFile: '/etc/c.pem', keyFile: '/etc/k.pem' },
    limits: {
      maxConnections: 1,
      maxRequests: 100_000,
      connectTimeout: '250ms',
      idleTimeout: '1h',
      bufferBytes: 16_384,
    },
    health: { path: '/health?full=1', port: 8080, interval: '10s' },
  });
  t.true(checked.ok);
  if (!checked.ok) return;
  t.like(checked.value, {
    protocol: 'http2',
    tls: { serverName: 'node.example', ca: CERTIFICATE, certFile: '/etc/c.pem', keyFile: '/etc/k.pem' },
    limits: {
      ...DEFAULT_LIMITS,
      maxConnections: 1,
      maxRequests: 100_000,
      connectTimeoutMs: 250,
      idleTimeoutMs: 3_600_000,
      bufferBytes: 16_384,
    },
    health: { path: '/health?full=1', port: 8080, intervalMs: 10_000, timeoutMs: 1000 },
  });
});

test('everything wrong is said at once, each with its path', (t) => {
  t.deepEqual(
    pathsOf({
      endpoints: [
        { host: 'http://wallarm', port: 0 },
        { host: 'a' },
        'b:80',
        { host: 'a', port: 1, weight: 2 },
      ],
      protocol: 'h2',
      tls: { certFile: '/c.pem', ca: 'x', caFile: '/ca.pem', verify: false },
      limits: {
        maxConnections: 0,
        maxRequests: '5',
        connectTimeout: 5,
        maxStreamDuration: '1h',
        bufferBytes: 1,
        retries: 3,
      },
      health: { path: 'health', port: 70_000, interval: '1ms', timeout: 'soon' },
      weight: 1,
    }),
    [
      'endpoints[0].host',
      'endpoints[0].port',
      'endpoints[1].port',
      'endpoints[2]',
      'endpoints[3].weight',
      'health.interval',
      'health.path',
      'health.port',
      'health.timeout',
      'limits.bufferBytes',
      'limits.connectTimeout',
      'limits.maxConnections',
      'limits.maxRequests',
      'limits.maxStreamDuration',
      'limits.retries',
      'protocol',
      'tls.ca',
      'tls.caFile',
      'tls.keyFile',
      'tls.verify',
      'weight',
    ],
  );
});

test('1 to 64 different endpoints are needed', (t) => {
  const many = (n: number) => Array.from({ length: n }, (_, port) => ({ host: 'a', port: port + 1 }));
  t.deepEqual(pathsOf({}), ['endpoints']);
  t.deepEqual(pathsOf({ endpoints: [] }), ['endpoints']);
  t.deepEqual(pathsOf({ endpoints: null }), ['endpoints']);
  t.deepEqual(pathsOf({ endpoints: many(64) }), []);
  t.deepEqual(pathsOf({ endpoints: many(65) }), ['endpoints']);
  t.deepEqual(
    issuesOf({
      endpoints: [
        { host: 'x', port: 0 },
        { host: 'a', port: 1 },
        { host: 'A', port: 1 },
      ],
    }),
    {
      'endpoints[0].port': 'must be an integer from 1 to 65535',
      'endpoints[2]': 'repeats element 1',
    },
  );
});

test('an input that is no object is refused as a whole', (t) => {
  for (const input of [undefined, null, 5, 'x', [], [ENDPOINTS]])
    t.deepEqual(pathsOf(input), [''], JSON.stringify(input));
});

test('what is no name cannot name a target, and the input cannot name another', (t) => {
  t.deepEqual(Object.keys(issuesOf({ endpoints: ENDPOINTS }, 'a/b')), ['name']);
  t.deepEqual(Object.keys(issuesOf({ endpoints: ENDPOINTS, name: 'other' })), ['name']);
  t.deepEqual(issuesOf({ endpoints: ENDPOINTS, name: 'wallarm', revision: 7 }), {});
});

test('a CA is certificates and nothing else', (t) => {
  const ca = (text: unknown) => issuesOf({ endpoints: ENDPOINTS, tls: { ca: text } });
  t.deepEqual(ca(CERTIFICATE), {});
  t.deepEqual(ca(`a comment\n${CERTIFICATE}\n${CERTIFICATE}`), {});
  t.regex(ca(CERTIFICATE.replace(/MII/, 'AAA'))['tls.ca'] ?? '', /number 1, that cannot be read/);
  t.regex(ca(`-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----`)['tls.ca'] ?? '', /private key/);
  t.regex(ca(5)['tls.ca'] ?? '', /PEM/);
});

test('TLS without a CA is accepted with a warning', (t) => {
  const checked = checkTarget('wallarm', { endpoints: ENDPOINTS, tls: {} });
  t.true(checked.ok && checked.warnings[0]?.path === 'tls');
  const verified = checkTarget('wallarm', { endpoints: ENDPOINTS, tls: { caFile: '/ca.pem' } });
  t.true(verified.ok && verified.warnings.length === 0);
});

test('what is shown of a target is read back as the same target', (t) => {
  const port = fc.integer({ min: 1, max: 65_535 });
  const count = fc.integer({ min: 1, max: 100_000 });
  const time = (max: number) => fc.integer({ min: 10, max }).map((ms) => `${ms}ms`);
  const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const input = fc.record({
    endpoints: fc.uniqueArray(fc.record({ host: fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()), port }), {
      minLength: 1,
      maxLength: 8,
      selector: ({ host, port: number }) => `${host} ${number}`.toLowerCase(),
    }),
    protocol: some(fc.constantFrom('http1', 'http2')),
    tls: some(fc.record({ serverName: some(fc.domain()), caFile: some(fc.constant('/ca.pem')) })),
    limits: some(
      fc.record({
        maxConnections: some(count),
        connectTimeout: some(time(60_000)),
        idleTimeout: some(time(3_600_000)),
      }),
    ),
    health: some(
      fc.record({ path: fc.constant('/'), port: some(port), interval: some(fc.constant('1.5s')) }),
    ),
  });
  fc.assert(
    fc.property(input, (json) => {
      const first = checkTarget('t', JSON.parse(JSON.stringify(json)));
      if (!first.ok) throw new Error(JSON.stringify(first.issues));
      const again = checkTarget('t', JSON.parse(JSON.stringify(presentTarget(first.value))));
      t.deepEqual(again, first);
    }),
  );
});
