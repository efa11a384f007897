import test from 'ava';
import { checkTarget } from '../../../src/model/check-target.ts';
import { nodeConfig, parseNetwork } from '../../../src/model/node-config.ts';
import type { Target } from '../../../src/model/target.ts';

function target(more: object = {}): Target {
  const checked = checkTarget('wallarm', { kind: 'wallarm', endpoints: [{ host: 'node' }], ...more });
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  return checked.value;
}

test('a node gets everything that the documentation wants of it', (t) => {
  const text = nodeConfig(target(), ['10.0.0.2', '10.0.0.1', '10.0.0.2', '10.9.0.0/16']);
  const lines = text.split('\n').map((line) => line.trim());
  for (const line of [
    'listen 8445;',
    'wallarm_force server_addr $http_x_server_addr;',
    'wallarm_force server_port $http_x_server_port;',
    'real_ip_header X-Forwarded-For;',
    'real_ip_recursive on;',
    'wallarm_force response_status 0;',
    'wallarm_force response_time 0;',
    'wallarm_force response_size 0;',
    'wallarm_mode monitoring;',
  ])
    t.true(lines.includes(line), line);
  t.deepEqual(
    lines.filter((line) => line.startsWith('set_real_ip_from')),
    ['set_real_ip_from 10.0.0.1;', 'set_real_ip_from 10.0.0.2;', 'set_real_ip_from 10.9.0.0/16;'],
  );
});

test('the order of edges makes no difference', (t) => {
  const [a, b] = [
    ['10.0.0.2', '::1'],
    ['::1', '10.0.0.2', '::1'],
  ];
  t.is(nodeConfig(target(), a), nodeConfig(target(), b));
});

test('without edges it says how to name some, and trusts nobody', (t) => {
  t.regex(nodeConfig(target(), []), /none is known/);
  t.notRegex(nodeConfig(target(), []), /set_real_ip_from \S+;/);
});

test('it listens where copies go, as they come', (t) => {
  const endpoints = [
    { host: 'a', port: 9000 },
    { host: 'b', port: 80 },
    { host: 'c', port: 80 },
  ];
  const text = nodeConfig(target({ endpoints, tls: {}, protocol: 'http2' }), []);
  t.regex(text, /listen 80 ssl;\n {4}listen 9000 ssl;\n/);
  t.regex(text, /http2 on;/);
});

test('addresses and networks are told from what could be anything else in NGINX', (t) => {
  for (const [text, network] of [
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.0.0.0/08', '10.0.0.0/8'],
    ['FE80::1/64', 'fe80::1/64'],
    ['2001:db8::/128', '2001:db8::/128'],
  ] as const)
    t.is(parseNetwork(text), network);
  for (const text of [
    '',
    'all',
    '10.0.0.1;',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.1/',
    '10.0.0.1 ',
    '1.2.3',
    'fe80::1%eth0',
    '::ffff:10.0.0.0/104',
    'unknown',
    '10.0.0.1/8/8',
  ])
    t.is(parseNetwork(text), undefined, text);
});
