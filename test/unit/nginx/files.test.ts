import test from 'ava';
import fc from 'fast-check';
import { DRIVERS } from '../../../src/dataplanes/nginx/plan.ts';
import { renderNginx } from '../../../src/dataplanes/nginx/render.ts';
import { parseNginx } from '../../../src/dataplanes/nginx/config/tokens.ts';
import { named, walk } from '../../../src/dataplanes/nginx/config/scopes.ts';
import { literal, quoted } from '../../../src/dataplanes/nginx/syntax.ts';
import { HEADER_VALUE } from '../../../src/model/http-rules.ts';
import { refusalOfPlan } from './check.ts';
import { mirror, plan, target } from './plans.ts';
import { CERTIFICATE } from '../../support/certificate.ts';

const OPTIONS = { directory: '/etc/nginx/mirrorplane', stateListen: '127.0.0.1:9180' };
const NASTY = 'a $b ${c} "d" \'e\' \\n \\ ; { } # f';

const EVERYTHING = [
  mirror('plain'),
  mirror('Plain', { percent: 0.01 }),
  mirror('none', { percent: 0 }),
  mirror('bodyless', {
    percent: 33.33,
    copy: { body: false, preset: 'none', removeHeaders: ['Cookie'], setHeaders: { 'X-Nasty': NASTY } },
  }),
  mirror('narrow', {
    percent: 99.9999,
    routes: [
      { domain: '*.shop.example', pathPrefix: '/a.b/(c)', methods: ['GET', "M'$"] },
      { route: 'shop', headers: [{ name: 'X-Some', exact: NASTY }] },
      { headers: [{ name: 'X-Some', regex: '(?i)a{2}[^;"$]*' }] },
    ],
    exclude: [{ route: 'admin' }, { headers: [{ name: 'X-No', present: true }] }],
  }),
];

for (const driver of DRIVERS) {
  test(`${driver}: NGINX takes what all kinds of mirrors are made, with and without a log`, async (t) => {
    t.is(await refusalOfPlan(plan(driver, EVERYTHING), driver), undefined);
    t.is(await refusalOfPlan(plan(driver, EVERYTHING), driver, '127.0.0.1:9182'), undefined);
    t.is(await refusalOfPlan(plan(driver, []), driver), undefined);
  });

  test(`${driver}: NGINX takes TLS with an authority of its own, and several endpoints`, async (t) => {
    const to = target({
      endpoints: [
        { host: '127.0.0.1', port: 1 },
        { host: '::1', port: 2 },
      ],
      tls: { serverName: 'node.example', ca: CERTIFICATE },
    });
    const made = plan(driver, [mirror('secret')], to);
    t.is(await refusalOfPlan(made, driver), undefined);
    const { files, entries } = renderNginx(made, { ...OPTIONS, driver });
    t.regex(files.get('ca-node.pem') ?? '', /^-----BEGIN/);
    t.is(entries.get('secret.addrs'), driver === 'lua' ? '127.0.0.1:1 [::1]:2' : undefined);
  });

  test(`${driver}: NGINX takes whatever header values and matches an owner gives`, async (t) => {
    const value = fc
      .string({ unit: fc.constantFrom(...`${NASTY}%@()|*+?^.,<>=!~\`&:/-_09Az\t`), maxLength: 60 })
      .filter((text) => text !== '' && HEADER_VALUE.test(text));
    const property = fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 20 }), async (values) => {
      const matched = values.map((one) => one.replaceAll('\t', ' '));
      const mirrors = [
        mirror('any', {
          copy: { setHeaders: Object.fromEntries(values.map((one, n) => [`x-${n}`, one])) },
          routes: matched.map((exact) => ({ headers: [{ name: 'x', exact }] })),
          exclude: matched.map((prefix) => ({ headers: [{ name: 'y', prefix }] })),
        }),
      ];
      t.is(await refusalOfPlan(plan(driver, mirrors), driver), undefined);
    });
    await fc.assert(property, { numRuns: 15 });
  });
}

test('what is quoted is read back as it was, and nothing of it ends its line', (t) => {
  const text = fc.string({ unit: fc.constantFrom(...NASTY, '\n', '\t', 'é'), maxLength: 40 });
  fc.assert(
    fc.property(text, text, (one, other) => {
      const [read] = parseNginx(`x ${quoted(one)} ${quoted(other)};`);
      t.deepEqual(read?.args, [one, other]);
      const [variables] = parseNginx(`x ${literal(one)};`);
      t.is(variables?.args[0]?.replaceAll('${mirrorplane_dollar}', '$'), one);
      t.false(/\$(?!\{mirrorplane_dollar\})/.test(variables?.args[0] ?? ''));
    }),
  );
});

test('the same plan gives the same files; with Lua a percent or an address changes none', (t) => {
  for (const driver of DRIVERS) {
    const render = (percent: number, to = target()) =>
      renderNginx(plan(driver, [mirror('a', { percent })], to), { ...OPTIONS, driver });
    const moved = target({ endpoints: [{ host: '10.0.0.9', port: 80 }] });
    t.deepEqual(render(5), render(5));
    t.is(render(5).filesVersion === render(6).filesVersion, driver === 'lua');
    for (const other of [render(0), render(6), render(5, moved)]) {
      const same = JSON.stringify([...other.files]) === JSON.stringify([...render(5).files]);
      t.is(same, driver === 'lua');
    }
    t.deepEqual(
      [...render(0.0042, moved).entries],
      driver === 'lua'
        ? [
            ['a.ppm', '42'],
            ['a.addrs', '10.0.0.9:80'],
          ]
        : [],
    );
  }
});

test('at 0 there is no mirror line for a reload, and no split_clients of 0', (t) => {
  const { files } = renderNginx(plan('reload', [mirror('a', { percent: 0 })]), {
    ...OPTIONS,
    driver: 'reload',
  });
  t.notRegex(files.get('location.conf') ?? '', /mirror /);
  t.notRegex(files.get('http.conf') ?? '', /\b0(\.0+)?%/);
  const lua = renderNginx(plan('lua', [mirror('a', { percent: 0 })]), { ...OPTIONS, driver: 'lua' });
  t.regex(lua.files.get('location.conf') ?? '', /mirror "\/_mirrorplane\/a";/);
});

test('a location has its own file where selectors name it, with what is for all locations too', (t) => {
  const mirrors = [
    mirror('all'),
    mirror('shop', { routes: [{ route: 'shop' }] }),
    mirror('most', { exclude: [{ route: 'shop' }] }),
    mirror('some', { routes: [{ route: 'shop', methods: ['PUT'] }, { pathPrefix: '/api' }] }),
  ];
  const { files } = renderNginx(plan('reload', mirrors), { ...OPTIONS, driver: 'reload' });
  const uris = (file: string) =>
    named(parseNginx(files.get(file) ?? ''), 'mirror').map(({ args }) =>
      args[0]?.slice('/_mirrorplane/'.length),
    );
  t.deepEqual(uris('location.conf'), ['all', 'most', 'some']);
  t.deepEqual(uris('location-shop.conf'), ['all', 'shop/shop', 'some/shop']);
  t.deepEqual([...files.keys()].sort(), ['http.conf', 'location-shop.conf', 'location.conf', 'server.conf']);
  const made = [...walk(parseNginx(files.get('server.conf') ?? ''))].filter(
    ({ directive }) => directive.name === 'location',
  );
  t.deepEqual(made.map(({ directive }) => directive.args[1]?.slice('/_mirrorplane/'.length)).sort(), [
    'all',
    'most',
    'shop/shop',
    'some',
    'some/shop',
  ]);
});

test('the body is read where one mirror of a location wants it, and sent by that one alone', (t) => {
  const without = { copy: { body: false } };
  const bodies = (mirrors: readonly ReturnType<typeof mirror>[]) => {
    const { files } = renderNginx(plan('reload', mirrors), { ...OPTIONS, driver: 'reload' });
    const [read] = named(parseNginx(files.get('location.conf') ?? ''), 'mirror_request_body');
    const passed = named(parseNginx(files.get('server.conf') ?? ''), 'location').map(({ block }) => [
      named(block, 'proxy_pass_request_body')[0]?.args[0],
      named(block, 'proxy_set_header').some(({ args }) => args[0] === 'Content-Length'),
    ]);
    return [read?.args[0], ...passed];
  };
  t.deepEqual(bodies([mirror('a', without)]), ['off', ['off', true]]);
  t.deepEqual(bodies([mirror('a', without), mirror('b')]), ['on', ['off', true], ['on', false]]);
});

test('no header is sent twice: what is set or removed replaces what the preset sets', (t) => {
  const copy = { setHeaders: { 'x-scheme': 'gopher' }, removeHeaders: ['X-REQUEST-ID'] };
  const { files } = renderNginx(plan('reload', [mirror('a', { copy })]), { ...OPTIONS, driver: 'reload' });
  const [location] = named(parseNginx(files.get('server.conf') ?? ''), 'location');
  const headers = named(location?.block, 'proxy_set_header').map(
    ({ args: [name = '', value = ''] }) => [name.toLowerCase(), value] as const,
  );
  t.is(new Set(headers.map(([name]) => name)).size, headers.length);
  t.is(new Map(headers).get('x-scheme'), 'gopher');
  t.is(new Map(headers).get('x-request-id'), '');
  t.is(new Map(headers).get('x-forwarded-for'), '$remote_addr');
});

test('however slow a target may be, a copy waits half a second to connect and two for an answer', (t) => {
  const slow = target({ limits: { connectTimeout: '60s', maxStreamDuration: '300s' } });
  const { files } = renderNginx(plan('reload', [mirror('a')], slow), { ...OPTIONS, driver: 'reload' });
  const text = files.get('server.conf') ?? '';
  for (const line of [
    'connect_timeout 500ms',
    'read_timeout 2000ms',
    'send_timeout 2000ms',
    'next_upstream off',
  ])
    t.true(text.includes(`proxy_${line};`), line);
});
