import { readFileSync } from 'node:fs';
import test from 'ava';
import { readNginxConfig } from '../../../src/dataplanes/nginx/config/read.ts';
import type { Adoption } from '../../../src/dataplanes/data-plane.ts';
import { checkMirror } from '../../../src/model/check-mirror.ts';
import { checkTarget } from '../../../src/model/check-target.ts';
import { presentMirror, presentTarget } from '../../../src/model/present.ts';
import { valueOf } from './plans.ts';

function read(text: string, adopt = true): { adopted: Adoption; said: readonly string[] } {
  const result = readNginxConfig(text, { fleet: 'edge', adopt });
  const { adopted } = valueOf(result);
  // What is adopted keeps the rules for what comes over REST.
  for (const one of adopted.targets) valueOf(checkTarget(one.name, presentTarget(one)));
  for (const one of adopted.mirrors) valueOf(checkMirror(one.name, presentMirror(one)));
  const said = result.ok ? result.warnings.map(({ path, message }) => `${path}: ${message}`) : [];
  return { adopted, said };
}

const SEED = readFileSync(new URL('../../golden/nginx/in/seed.conf', import.meta.url), 'utf8');

test("the seed's example, which is not even a whole file, is a mirror of everything to its node", (t) => {
  const { adopted, said } = read(SEED);
  t.like(adopted.targets, [{ name: 'mirror-test', endpoints: [{ host: '222.222.222.222', port: 80 }] }]);
  t.like(adopted.mirrors, [
    { name: 'edge-mirror-test', target: 'mirror-test', percent: 1_000_000, routes: [] },
  ]);
  t.true(
    said.includes(
      'line 2: replace "mirror /mirror-test;" by "include /etc/nginx/mirrorplane/location.conf;"',
    ),
  );
  t.true(said.includes('lines 8 to 20: "location /mirror-test" can go'));
  for (const defect of [
    /^line 15: .*X-Forwarded-For/,
    /^line 17: .*empty/,
    /^line 5: .*twice/,
    /413/,
    /HTTP\/1\.0/,
    /^: .*up to 2000 ms .*PATCH \/v1\/targets\/mirror-test \{"limits":\{"maxStreamDuration":"500ms"\}\}/,
  ])
    t.true(
      said.some((one) => defect.test(one)),
      String(defect),
    );
});

test('commented lines are comments', (t) => {
  const { adopted } = read(
    'location / {\n # mirror /a;\n proxy_pass http://origin;\n}\nlocation /a { proxy_pass http://node; }',
  );
  t.deepEqual(adopted, { targets: [], mirrors: [] });
});

test('a share by split_clients, in either of the usual ways, is the percent', (t) => {
  const guarded = read(
    `http { split_clients "\${request_id}" $on { 12.5% 1; 0.25% 2; * ""; }
     server { location / { mirror /m; } location = /m { internal; if ($on = "") { return 204; }
       proxy_pass http://10.0.0.5:8445$request_uri; } } }`,
  );
  t.is(guarded.adopted.mirrors[0]?.percent, 127_500);
  const named = read(
    `http { split_clients $request_id $node { 1% wm; * ""; } upstream wm { server 10.0.0.5:8445; server "[::1]:81"; server b.example down; }
     server { location / { mirror /m; } location /m { if ($node = "") { return 400; } proxy_pass http://$node$request_uri; } } }`,
  );
  t.is(named.adopted.mirrors[0]?.percent, 10_000);
  t.like(named.adopted.targets, [
    {
      name: 'wm',
      endpoints: [
        { host: '10.0.0.5', port: 8445 },
        { host: '::1', port: 81 },
      ],
    },
  ]);
  const rest = read(
    'split_clients $request_id $off { 90% yes; * no; } location / { mirror /m; } ' +
      'location /m { if ($off != no) { return 204; } proxy_pass http://n$request_uri; }',
  );
  t.is(rest.adopted.mirrors[0]?.percent, 100_000);
});

test('body off, literal headers and TLS are taken over; what cannot be is said', (t) => {
  const { adopted, said } = read(`server {
    location / { mirror /m; mirror_request_body off; proxy_pass http://origin; client_max_body_size 5m; }
    location /m { internal; proxy_pass https://node.example$request_uri; proxy_http_version 1.1; proxy_read_timeout 1s;
      proxy_set_header Host $host; proxy_set_header X-Env "live; $"; proxy_set_header X-Tenant seven;
      proxy_set_header Cookie ""; proxy_set_header Host other.example; proxy_ssl_name sni.example; } }`);
  t.like(adopted.targets, [
    { endpoints: [{ host: 'node.example', port: 443 }], tls: { serverName: 'sni.example' } },
  ]);
  t.like(adopted.mirrors[0]?.copy, {
    body: false,
    setHeaders: { 'X-Tenant': 'seven' },
    removeHeaders: ['Cookie'],
  });
  t.is(said.filter((one) => /not taken over/.test(one)).length, 2);
  t.false(said.some((one) => /413|HTTP\/1\.0|60 seconds/.test(one)));
});

test('locations that mirror differently get files of their own', (t) => {
  const { adopted, said } = read(`http { include /etc/nginx/mirrorplane/http.conf;
  server {
    location / { mirror /a; proxy_pass http://o; }
    location /shop/ {
      mirror /a;
      mirror /b;
    }
    location /a { proxy_pass http://10.0.0.1$request_uri; }
    location /b { proxy_pass http://10.0.0.2$request_uri; }
  } }`);
  t.deepEqual(
    adopted.mirrors.map(({ name, routes }) => [name, routes]),
    [
      ['edge-a', [{ route: 'root' }, { route: 'shop' }]],
      ['edge-b', [{ route: 'shop' }]],
    ],
  );
  const changes = said.filter((one) => /include |take out/.test(one));
  t.deepEqual(changes, [
    'line 2: after "server {" add "include /etc/nginx/mirrorplane/server.conf;"',
    'line 3: replace "mirror /a;" by "include /etc/nginx/mirrorplane/location-root.conf;"',
    'line 5: replace "mirror /a;" by "include /etc/nginx/mirrorplane/location-shop.conf;"',
    'line 6: take out "mirror /b;": the include has it',
  ]);
});

test('one node behind several locations is one target; a mirror line in server {} counts for it', (t) => {
  const { adopted } = read(`server { mirror /a; mirror /b; location / { proxy_pass http://o; }
    location /a { proxy_pass http://node:1$request_uri; } location /b { proxy_pass http://node:1$request_uri; } }`);
  t.deepEqual(
    adopted.mirrors.map(({ name, target }) => [name, target]),
    [
      ['edge-a', 'a'],
      ['edge-a-2', 'a'],
    ],
  );
});

for (const [what, text] of [
  ['no such location', 'location /x { mirror /nowhere; }'],
  ['the request goes there itself', 'location / { mirror /m; proxy_pass http://origin; }'],
  ['no proxy_pass', 'location /x { mirror /m; } location /m { return 200; }'],
  ['a socket', 'location /x { mirror /m; } location /m { proxy_pass http://unix:/run/a.sock; }'],
  [
    'a variable from somewhere',
    'location /x { mirror /m; } location /m { proxy_pass http://$node$request_uri; }',
  ],
] as const) {
  test(`nothing is made of a mirror line where ${what}, and that is said`, (t) => {
    const { adopted, said } = read(text);
    t.deepEqual(adopted, { targets: [], mirrors: [] });
    t.is(said.length, 1, said.join('\n'));
  });
}

test('an owner who has changed his file is told nothing; one who has not is told how; broken syntax has its line', (t) => {
  t.deepEqual(read('').said, []);
  t.deepEqual(
    read(`http { include mirrorplane/http.conf; server { include mirrorplane/server.conf;
      location / { include mirrorplane/location.conf; proxy_pass http://o; } } }`).said,
    [],
  );
  t.regex(read('http { server { unknown_directive; } }').said.join(), /^: includes nothing of ours yet/);
  t.deepEqual(read(SEED, false).adopted, { targets: [], mirrors: [] });
  const broken = readNginxConfig('location / {\n root /x\n}', { fleet: 'edge', adopt: true });
  t.deepEqual(broken.ok ? [] : broken.issues.map(({ path }) => path), ['line 3']);
});
