import test from 'ava';
import { Setting } from '../../../src/agent/setting.ts';
import { parseNginx } from '../../../src/dataplanes/nginx/config/tokens.ts';
import { mirror, plan, target } from '../nginx/plans.ts';

const OWN = ['127.0.0.1', '192.0.2.7', '::1', '2001:db8::7'];

function setting(servers: string): Setting {
  const nameOf = (path: string) => (path.startsWith('m/') ? path.slice(2) : undefined);
  const top = parseNginx(`http { include m/http.conf;\n${servers} }`);
  return new Setting(
    top.map((one) => ({ ...one, file: '/etc/nginx/nginx.conf' })),
    nameOf,
    () => OWN,
    { host: '127.0.0.1', port: 22119 },
  );
}

const COPIES = 'include m/server.conf; location / { include m/location.conf; }';

function loops(
  servers: string,
  host: string,
  port: number,
  addresses: readonly string[] = [],
): readonly string[] {
  const made = plan('reload', [mirror('a')], target({ endpoints: [{ host, port }] }));
  return setting(servers).loops(made, new Map(addresses.length === 0 ? [] : [[host, addresses]]));
}

for (const [listen, host, port] of [
  ['8080', '127.0.0.1', 8080],
  ['8080', '127.9.9.9', 8080],
  ['8080', '192.0.2.7', 8080],
  ['8080', '0.0.0.0', 8080],
  ['*:8080', '127.0.0.1', 8080],
  ['0.0.0.0:8080', '127.0.0.1', 8080],
  ['127.0.0.1:8080', '127.0.0.1', 8080],
  ['127.0.0.1:8080', '::ffff:127.0.0.1', 8080],
  ['192.0.2.7', '192.0.2.7', 80],
  ['8000-8100', '127.0.0.1', 8080],
  ['localhost:8080', '127.0.0.1', 8080],
  ['[::]:8080', '2001:db8:0::7', 8080],
  ['[::]:8080 ipv6only=off', '127.0.0.1', 8080],
  ['[2001:db8::7]:8080', '2001:DB8::0:7', 8080],
] as const) {
  test(`a target at ${host}:${port} is the NGINX that listens on ${listen}`, (t) => {
    t.is(loops(`server { listen ${listen}; ${COPIES} }`, host, port).length, 1);
  });
}

for (const [listen, host, port] of [
  ['8080', '127.0.0.1', 8081],
  ['8080', '192.0.2.8', 8080],
  ['8080', '::1', 8080],
  ['[::]:8080', '127.0.0.1', 8080],
  ['127.0.0.1:8080', '192.0.2.7', 8080],
  ['unix:/run/a.sock', '127.0.0.1', 80],
  ['8080 quic', '127.0.0.1', 8080],
] as const) {
  test(`a target at ${host}:${port} is not the NGINX that listens on ${listen}`, (t) => {
    t.deepEqual(loops(`server { listen ${listen}; ${COPIES} }`, host, port), []);
  });
}

test('the server that tells the agent what is in force is no target, whatever the configuration', (t) => {
  for (const host of ['127.0.0.1', '0.0.0.0', '::ffff:127.0.0.1'])
    t.regex(
      loops('', host, 22119).join(),
      /this NGINX itself \(.*:22119, where it tells the agent.*--state-listen\)/,
      host,
    );
  t.is(loops('', 'node.example', 22119, ['192.0.2.9', '127.0.0.1']).length, 1);
  t.deepEqual(loops('', '127.0.0.1', 22120), []);
  t.deepEqual(loops('', '127.0.0.2', 22119), []);
  t.deepEqual(loops('', '192.0.2.9', 22119), []);
});

test('a loop is told with the line that listens and with the target, which may be a name', (t) => {
  t.deepEqual(
    loops(`server {\n  listen 8080;\n ${COPIES} }`, 'node.example', 8080, ['192.0.2.9', '192.0.2.7']),
    [
      'mirror a would copy to this NGINX itself (192.0.2.7:8080,  line 3 listen 8080): copies would be copied without end',
    ],
  );
  t.is(loops(`server { ${COPIES} }`, '127.0.0.1', 80).length, 1, 'without a line it is port 80');
});

test('a server of the same NGINX that copies nothing is a good target, unless one that does shares its socket', (t) => {
  const node = 'server { listen 127.0.0.1:8445; location / { } }';
  t.deepEqual(loops(`server { listen 8080; ${COPIES} } ${node}`, '127.0.0.1', 8445), []);
  t.is(loops(`server { listen 127.0.0.1:8445; ${COPIES} } ${node}`, '127.0.0.1', 8445).length, 1);
  t.deepEqual(
    loops(`server { listen 8445; ${COPIES} } ${node}`, '127.0.0.1', 8445),
    [],
    'the other is another socket',
  );
});

test('what is at 0 is no loop to be refused: a stop is never refused', (t) => {
  const made = plan(
    'lua',
    [mirror('a', { percent: 0 })],
    target({ endpoints: [{ host: '127.0.0.1', port: 80 }] }),
  );
  t.deepEqual(setting(`server { ${COPIES} }`).loops(made, new Map()), []);
});

test('a mirror has no trouble where one of its files is in the right place', (t) => {
  const reason = (servers: string, fields: Readonly<Record<string, unknown>> = {}) => {
    const [one] = plan('reload', [mirror('a', fields)]).mirrors;
    return one && setting(servers).troubleOf(one, new Map())?.reason;
  };
  const shop = 'server { listen 1; include m/server.conf; location / { include m/location-shop.conf; } }';
  t.is(reason(`server { listen 1; ${COPIES} }`), undefined);
  t.is(reason('server { listen 1; include m/server.conf; location / { } }'), 'not-included');
  t.is(reason('server { listen 1; location / { include m/location.conf; } }'), 'misplaced');
  t.is(reason(`server { listen 8445; ${COPIES} }`), 'loop');
  t.is(reason(`server { listen 1; ${COPIES} }`, { routes: [{ route: 'shop' }] }), 'not-included');
  t.is(reason(shop, { routes: [{ route: 'shop' }] }), undefined);
  t.is(reason(shop, { routes: [{ route: 'cart' }] }), 'not-included');
  t.is(reason(shop), undefined, 'a mirror of all locations is in the files of named ones');
  t.is(reason(shop, { exclude: [{ route: 'shop' }] }), 'not-included');
  t.is(
    reason('server { listen 1; location / { include m/location-shop.conf; } }', {
      routes: [{ route: 'cart' }],
    }),
    'not-included',
  );
});
