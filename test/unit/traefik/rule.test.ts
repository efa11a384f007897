import test from 'ava';
import { faultOfRule } from '../../../src/dataplanes/traefik/config/rule.ts';

/** What Traefik 3.7.13 took and refused, one by one. */
const GOOD = [
  'Host(`a`) && Path(`/`)',
  'host("a.b") || !PATHPREFIX(`/x`)',
  '(Host(`a`) || Host(`b`)) && !(Method(`GET`))',
  '!!Host(`a`)',
  'Host(`a`,)',
  'HostRegexp(`^.+\\.a$`)',
  'HostRegexp(`{sub:[a-z]+}.a`)',
  'Header(`a`, `b`)',
  'Query(`a`)',
  'QueryRegexp(`(`)',
  'ClientIP(`10.0.0.0/8`)',
  'ClientIP(`::1`)',
  'Host(`a`) &&\nPath(`/`)\n',
  'Host(\n`a`,\n)',
  'Hostregexp(`a`)',
  'Host("a\\"b")',
  '((Host(`a`)))',
  'Host(`*`)',
  'PathRegexp(`(?<n>a)`)',
];
const BAD = [
  'Host(`a`, `b`)',
  'Host()',
  'Path(`x`)',
  'PathRegexp(`[`)',
  'Header(`a`)',
  'QueryRegexp(`a`, `(`)',
  'ClientIP(`10.0.0.0/33`)',
  'ClientIP(`x`)',
  'Host(`ü`)',
  'Host(`a`) &&',
  'Host(`a`) Host(`b`)',
  'Host(`a`)\n&& Path(`/`)',
  '(Host(`a`)\n)',
  'Host(\n`a`\n)',
  'hostRegexp(`a`)',
  "Host('a')",
  'Host(a)',
  'Host(`a`) & Path(`/`)',
  'Host("a\\qb")',
  'Host(`a`))',
  ' ',
  'true',
  'Headers(`a`, `b`)',
  'PathRegexp(`a{2000}`)',
  'PathRegexp(`a(?=b)`)',
];

test('rules that Traefik reads are good, and those that it leaves a router out for are not', (t) => {
  for (const rule of GOOD) t.is(faultOfRule(rule, undefined), undefined, rule);
  for (const rule of BAD) t.is(typeof faultOfRule(rule, undefined), 'string', rule);
});

test('the older syntax has matchers of its own, where it is asked for', (t) => {
  t.is(faultOfRule('Host(`a`, `b`) && Headers(`a`, `b`)', 'v2'), undefined);
  t.is(typeof faultOfRule('Header(`a`, `b`)', 'v2'), 'string');
});

test('a rule that is nested without end is refused, and takes no time', (t) => {
  t.regex(faultOfRule(`${'('.repeat(100_000)}`, undefined) ?? '', /nested/);
  t.regex(faultOfRule(`${'!'.repeat(100_000)}`, undefined) ?? '', /ends too early/);
});
