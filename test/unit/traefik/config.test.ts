import test from 'ava';
import fc from 'fast-check';
import { createTraefikDataPlane } from '../../../src/dataplanes/traefik/index.ts';
import type { TraefikConfig } from '../../../src/dataplanes/traefik/config/read.ts';
import { milliseconds } from '../../../src/dataplanes/traefik/config/duration.ts';
import { writeJson } from '../../../src/dataplanes/traefik/json.ts';
import type { Result } from '../../../src/model/issue.ts';
import { load } from 'js-yaml';

const traefik = createTraefikDataPlane();

function read(text: string, format: 'yaml' | 'json' = 'yaml'): Result<TraefikConfig> {
  return traefik.readConfig(text, format, { fleet: 'edge', adopt: true });
}

/** A router and its service, with fields of the test's own. */
function http(fields: { router?: object; service?: object; more?: object; other?: object } = {}): string {
  return JSON.stringify({
    http: {
      routers: { r: { rule: 'Path(`/`)', service: 's', ...fields.router } },
      services: { s: { loadBalancer: { servers: [{ url: 'http://a' }] }, ...fields.service } },
      ...fields.more,
    },
    ...fields.other,
  });
}

function issues(text: string, format: 'yaml' | 'json' = 'json'): string[] {
  const result = read(text, format);
  return result.ok ? [] : result.issues.map(({ path, message }) => `${path}: ${message}`);
}

function document(text: string, format: 'yaml' | 'json' = 'json'): any {
  const result = read(text, format);
  if (!result.ok) throw new Error(JSON.stringify(result.issues));
  return result.value.document;
}

test('what is no mapping, or holds no traffic, is refused: it would take everything down', (t) => {
  for (const text of [
    '',
    '[]',
    'text',
    '{}',
    '{"http": null}',
    '{"tls": {"options": {"a": {"sniStrict": true}}}}',
  ])
    t.is(issues(text, 'yaml').length, 1, text);
  t.regex(issues('{"http": {"routers": {}}}')[0] ?? '', /http.routers: must not be empty/);
});

test('a key that stands twice is refused, in YAML, in JSON and in another case', (t) => {
  t.regex(issues('http: {}\nhttp: {}\n', 'yaml')[0] ?? '', /duplicate/);
  t.regex(issues('{\n\t"http": {},\n\t"http": {}\n}')[0] ?? '', /duplicate/);
  const twice = http({ router: { Service: 's' } });
  t.deepEqual(issues(twice), ['http.routers.r.Service: is given twice, in another case']);
});

test('aliases that grow without end, and depth, are refused', (t) => {
  const lines = [
    'a: &a0 [1, 1]',
    ...Array.from({ length: 40 }, (_, n) => `b${n}: &a${n + 1} [*a${n}, *a${n}]`),
  ];
  t.regex(issues(lines.join('\n'), 'yaml')[0] ?? '', /too large/);
  t.is(issues(`{"a": ${'['.repeat(5000)}${']'.repeat(5000)}}`).length, 1);
});

test('values are read from their text, as Traefik reads them, and names in any case', (t) => {
  const text = `
HTTP:
  Routers:
    r: { Rule: "Path(\`/\`)", SERVICE: s, entryPoints: "a, b", priority: "7", tls: true, middlewares: }
  services:
    s:
      loadBalancer:
        passHostHeader: "false"
        servers: [{ URL: "http://a", weight: 2 }]
        healthCheck: { path: /, interval: 10, timeout: 1m30s, headers: { X-A: 1, X-B: true } }
`;
  t.deepEqual(document(text, 'yaml'), {
    http: {
      routers: {
        r: { entryPoints: ['a', 'b'], priority: 7, rule: 'Path(`/`)', service: 's', tls: {} },
      },
      services: {
        s: {
          loadBalancer: {
            healthCheck: {
              headers: { 'X-A': '1', 'X-B': 'true' },
              interval: 10,
              path: '/',
              timeout: '1m30s',
            },
            passHostHeader: false,
            servers: [{ url: 'http://a', weight: 2 }],
          },
        },
      },
    },
  });
});

test('whole numbers are those that Traefik takes them for', (t) => {
  const cases = {
    '1_000': 1000,
    '010': 8,
    '0x1F': 31,
    '0b11': 3,
    '0o17': 15,
    '-0_7': -7,
    '+5': 5,
    '09': 9,
    '1__0_': 10,
  };
  for (const [text, priority] of Object.entries(cases)) {
    const config = http({ router: { priority: 'HERE' } }).replace('"HERE"', ` ${text}`);
    t.is(document(config, 'yaml').http.routers.r.priority, priority, text);
  }
  for (const text of ['"1_000"', '"0x10"', '_1', '1:30', '0xg', '1a'])
    t.is(
      issues(http({ router: { priority: 'HERE' } }).replace('"HERE"', ` ${text}`), 'yaml').length,
      1,
      text,
    );
});

test('TOML, and a second document, are refused in words', (t) => {
  for (const text of [
    '[http.routers.a]\n  rule = "Host(`a`)"\n',
    '# a\n[http]\n  [http.routers]\n',
    'http.routers.a.rule = "Host(`a`)"\n',
    '[[tls.certificates]]\n  certFile = "a"\n',
  ])
    t.regex(issues(text, 'yaml').join(), /TOML.*YAML/, text);
  t.regex(issues(`${http()}\n---\n${http()}`, 'yaml').join(), /more than one YAML document/);
});

test('what is wrong with pieces that no router leads to is told, and taken', (t) => {
  const bad = { redirectRegex: { regex: '(' } };
  const told = (config: string): readonly string[] => {
    const result = read(config);
    return result.ok ? result.warnings.map(({ path }) => path) : ['refused'];
  };
  const idle = { idle: bad, 'a.b': { chain: { middlewares: ['gone'] } } };
  const tcp = {
    routers: { a: { rule: 'HostSNI(`*`)', service: 's' } },
    services: { s: address('a:1'), 's.b': address('b') },
  };
  t.deepEqual(told(http({ more: { middlewares: idle }, other: { tcp } })), [
    'http.middlewares.a.b.chain.middlewares[0]',
    'http.middlewares.idle.redirectRegex.regex',
    'tcp.services.s.b.loadBalancer.servers[0].address',
  ]);
  for (const middlewares of [
    { a: bad },
    { a: { chain: { middlewares: ['b'] } }, b: bad },
    { a: { errors: { status: ['500'], service: 't', query: '/' } }, b: bad },
    { a: { compress: true }, 'mirrorplane-a': { compress: true } },
  ]) {
    const services = {
      services: {
        s: { loadBalancer: { servers: [] } },
        t: { loadBalancer: { servers: [] }, middlewares: ['b'] },
      },
    };
    const more = { middlewares, ...('errors' in middlewares.a ? services : {}) };
    t.deepEqual(told(http({ router: { middlewares: ['a'] }, more })), ['refused']);
  }
});

const address = (text: string): object => ({ loadBalancer: { servers: [{ address: text }] } });

test('merge keys and anchors are followed; what is besides the configuration is left out, with a warning', (t) => {
  const text = `
x-base: &base { rule: "Path(\`/\`)", service: s }
http:
  routers: { r: { <<: *base, priority: 1 } }
  services: { s: { loadBalancer: { servers: [{ url: "http://a" }] } } }
`;
  const result = read(text);
  t.true(result.ok);
  t.deepEqual(document(text, 'yaml').http.routers.r, { priority: 1, rule: 'Path(`/`)', service: 's' });
  t.deepEqual(result.ok && result.warnings.map(({ path }) => path), ['x-base']);
});

test('every value that makes Traefik refuse the whole is refused, with its path', (t) => {
  const cases: readonly (readonly [object, string])[] = [
    [{ priority: 1.5 }, 'priority: must be a whole number'],
    [{ priority: 'high' }, 'priority: must be a whole number'],
    [{ priority: 1e300 }, 'priority: must be a whole number'],
    [{ rule: ['a'] }, 'rule: must be text'],
    [{ rule: 1.5 }, 'rule: must be text: put it in quotes'],
    [{ rule: 'a\ud800' }, 'rule: must be well-formed Unicode'],
    [{ observability: { metrics: 'maybe' } }, 'observability.metrics: must be true or false'],
    [{ observability: {} }, 'observability: must not be empty: leave it out'],
    [{ middlewares: [null] }, 'middlewares[0]: must be text'],
    [{ entryPoints: ['a║b'] }, 'entryPoints[0]: must not contain "║"'],
    [{ tls: { domains: 'a' } }, 'tls.domains: must be a list'],
    [{ tls: { domains: ['a'] } }, 'tls.domains[0]: must be an object'],
  ];
  for (const [router, expected] of cases)
    t.deepEqual(issues(http({ router })), [`http.routers.r.${expected}`]);
  const long = { more: { middlewares: { ['x'.repeat(300)]: { compress: true } } } };
  t.regex(issues(http(long))[0] ?? '', /must have a name of 1 to 256 characters/);
});

test('references of TCP and UDP pass, and their fields are checked', (t) => {
  t.deepEqual(
    issues(http({ other: { tcp: { routers: { a: { rule: 'HostSNI(`*`)', service: 'gone' } } } } })),
    [],
  );
  t.deepEqual(
    issues(http({ other: { udp: { services: { a: { loadBalancer: { servers: [{ url: 'a' }] } } } } } })),
    [
      'udp.services.a.loadBalancer.servers[0].url: is not known here; known are address',
      'udp.services.a.loadBalancer.servers[0].address: must be HOST:PORT, such as "10.0.0.5:5432": Traefik goes without it',
    ],
  );
});

test('a template of a file is no template here, which is said', (t) => {
  const result = read(http({ router: { rule: 'Host(`{{ env "HOST" }}`)' } }), 'json');
  t.regex((result.ok && result.warnings[0]?.message) || '', /templates in files only/);
});

test('a long chain of services is no circle, and no burden', (t) => {
  const chain = Array.from({ length: 5000 }, (_, n) => [`n${n}`, { mirroring: { service: `n${n + 1}` } }]);
  const services = {
    ...Object.fromEntries(chain),
    n5000: { loadBalancer: { servers: [{ url: 'http://a' }] } },
  };
  t.deepEqual(issues(http({ more: { services }, router: { service: 'n0' } })), []);
});

test('names that JavaScript has a meaning for are names', (t) => {
  const text = http().replaceAll('"s"', '"__proto__"').replaceAll('"r"', '"constructor"');
  const found = document(text);
  t.deepEqual(Object.keys(found.http.services), ['__proto__']);
  t.true(Object.hasOwn(found.http.routers, 'constructor'));
  t.deepEqual(issues(http({ router: { service: 'toString' } })), [
    'http.routers.r.service: no service named "toString" in this config',
  ]);
});

test('what is served is JSON and YAML alike, whatever text is in it', (t) => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' })), (texts) => {
      const given = Object.fromEntries(
        Object.entries(texts).filter(([key, value]) => (key + value).isWellFormed()),
      );
      const text = writeJson(given);
      t.deepEqual(JSON.parse(text), given);
      t.deepEqual(load(text), given);
      // eslint-disable-next-line no-control-regex
      t.notRegex(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\ufffe\uffff]/);
    }),
  );
});

test('durations of Traefik in milliseconds', (t) => {
  const cases = [10, '500ms', '1s', '1m30s', '2h', '1.5s', '10us', '', 'x', undefined];
  t.deepEqual(cases.map(milliseconds), [
    10_000,
    500,
    1000,
    90_000,
    7_200_000,
    ...Array<undefined>(5).fill(undefined),
  ]);
});
