import { isIP, isIPv4, isIPv6 } from 'node:net';
import { RE2JS } from 're2js';
import { isDnsName } from '../../../model/host.ts';
import type { Rules } from './rule-options.ts';
import type { ValueRule } from '../../schema/reader.ts';

type Test = readonly [holds: (text: string) => boolean, message: string];

const HEADER_NAME = /^:?[0-9a-zA-Z!#$%&'*+\-.^_|~`]+$/;
// eslint-disable-next-line no-control-regex -- the rule is about control characters
const HEADER_VALUE = /^[^\u0000-\u0008\u000A-\u001F\u007F]*$/;
// eslint-disable-next-line no-control-regex -- the rule is about control characters
const LOOSE_HEADER = /^[^\u0000\u000A\u000D]*$/;

/** https://github.com/bufbuild/protoc-gen-validate#strings */
export function stringRule(rules: Rules): ValueRule | undefined {
  const tests = [...lengthTests(rules), ...contentTests(rules), ...formatTests(rules), ...listTests(rules)];
  return tests.length === 0
    ? undefined
    : applyTests(tests, rules['ignoreEmpty'] === true, (value) => String(value));
}

/** Bytes are base64 in JSON; rules are about what they decode to, taken here as Latin-1 text. */
export function bytesRule(rules: Rules): ValueRule | undefined {
  const number = (key: string): number | undefined =>
    rules[key] === undefined ? undefined : Number(rules[key]);
  const [len, min, max] = [number('len'), number('minLen'), number('maxLen')];
  const tests: Test[] = [];
  if (len !== undefined) tests.push([(text) => text.length === len, `must have ${len} bytes`]);
  if (min !== undefined)
    tests.push([(text) => text.length >= min, min === 1 ? 'is required' : `must have at least ${min} bytes`]);
  if (max !== undefined) tests.push([(text) => text.length <= max, `must have at most ${max} bytes`]);
  return tests.length === 0
    ? undefined
    : applyTests(tests, rules['ignoreEmpty'] === true, (value) =>
        Buffer.from(String(value), 'base64').toString('latin1'),
      );
}

function applyTests(
  tests: readonly Test[],
  ignoreEmpty: boolean,
  textOf: (value: unknown) => string,
): ValueRule {
  return (value, issues) => {
    const text = textOf(value);
    if (ignoreEmpty && text === '') return;
    for (const [holds, message] of tests) {
      if (!holds(text)) issues.add(message);
    }
  };
}

function lengthTests(rules: Rules): Test[] {
  const characters = (text: string): number => [...text].length;
  const bytes = (text: string): number => Buffer.byteLength(text);
  const tests: Test[] = [];
  const add = (key: string, build: (limit: number) => Test): void => {
    if (rules[key] !== undefined) tests.push(build(Number(rules[key])));
  };
  const least = (limit: number, unit: string): string =>
    limit === 1 ? 'is required and must not be empty' : `must have at least ${limit} ${unit}`;
  add('len', (limit) => [(text) => characters(text) === limit, `must have ${limit} characters`]);
  add('minLen', (limit) => [(text) => characters(text) >= limit, least(limit, 'characters')]);
  add('maxLen', (limit) => [(text) => characters(text) <= limit, `must have at most ${limit} characters`]);
  add('lenBytes', (limit) => [(text) => bytes(text) === limit, `must have ${limit} bytes`]);
  add('minBytes', (limit) => [(text) => bytes(text) >= limit, least(limit, 'bytes')]);
  add('maxBytes', (limit) => [(text) => bytes(text) <= limit, `must have at most ${limit} bytes`]);
  return tests;
}

function contentTests(rules: Rules): Test[] {
  const tests: Test[] = [];
  const add = (key: string, build: (part: string) => Test): void => {
    if (typeof rules[key] === 'string') tests.push(build(rules[key]));
  };
  add('const', (part) => [(text) => text === part, `must be "${part}"`]);
  add('prefix', (part) => [(text) => text.startsWith(part), `must begin with "${part}"`]);
  add('suffix', (part) => [(text) => text.endsWith(part), `must end with "${part}"`]);
  add('contains', (part) => [(text) => text.includes(part), `must contain "${part}"`]);
  add('notContains', (part) => [(text) => !text.includes(part), `must not contain "${part}"`]);
  add('pattern', (part) => {
    const pattern = RE2JS.compile(part);
    return [(text) => pattern.matcher(text).find(), `must match ${part}`];
  });
  return tests;
}

function formatTests(rules: Rules): Test[] {
  const tests: Test[] = [];
  const add = (key: string, holds: Test[0], what: string): void => {
    if (rules[key] === true) tests.push([holds, `must be ${what}`]);
  };
  add('ip', (text) => isIP(text) !== 0, 'an IP address');
  add('ipv4', isIPv4, 'an IPv4 address');
  add('ipv6', isIPv6, 'an IPv6 address');
  add('hostname', isDnsName, 'a host name');
  add('address', (text) => isIP(text) !== 0 || isDnsName(text), 'a host name or an IP address');
  add('uri', (text) => URL.canParse(text), 'an absolute URI');
  add('uriRef', (text) => URL.canParse(text, 'http://base'), 'a URI');
  add('uuid', (text) => /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/.test(text), 'a UUID');
  add('email', (text) => /^[^@\s]+@[^@\s]+$/.test(text), 'an email address');
  const strict = rules['strict'] !== false;
  if (rules['wellKnownRegex'] === 'HTTP_HEADER_NAME') {
    const form = strict ? HEADER_NAME : LOOSE_HEADER;
    tests.push([(text) => form.test(text), 'must be the name of an HTTP header']);
  }
  if (rules['wellKnownRegex'] === 'HTTP_HEADER_VALUE') {
    const form = strict ? HEADER_VALUE : LOOSE_HEADER;
    tests.push([(text) => form.test(text), 'must be the value of an HTTP header, without line breaks']);
  }
  return tests;
}

function listTests(rules: Rules): Test[] {
  const tests: Test[] = [];
  const only = Array.isArray(rules['in']) ? rules['in'].map(String) : [];
  const never = Array.isArray(rules['notIn']) ? rules['notIn'].map(String) : [];
  if (only.length > 0) tests.push([(text) => only.includes(text), `must be one of ${only.join(', ')}`]);
  if (never.length > 0)
    tests.push([(text) => !never.includes(text), `must not be one of ${never.join(', ')}`]);
  return tests;
}
