import test from 'ava';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { pcreOf } from '../../../src/dataplanes/nginx/pattern.ts';

for (const [regex, expected] of [
  ['abc', '^(?:abc)$'],
  ['^abc$', '^(?:abc)$'],
  ['.*bot.*', '(?:bot)'],
  ['a.*', '^(?:a)'],
  ['a|b.*', '^(?:a|b.*)$'],
  ['(?i)x-\\d{2}', '(?i)^(?:x\\-[0-9]{2})$'],
  ['[^a-z\\d_.-]+', '^(?:[^a-z0-9\\_\\.\\-]+)$'],
] as const) {
  test(`${regex} becomes ${expected}`, (t) => t.is(pcreOf(regex), expected));
}

for (const regex of [
  ...['(a+)+', '(a|a)*', 'a*a*', '.*a*', 'a{1,65}', '(?:a?){9}', 'a?b?c?d?e?f?g?h?', '.*a{70}'],
  ...['a*?', '\\pL', '\\bx', '(?P<n>x)', '(?s).', '[[:alpha:]]', 'é', '(?=x)', '(a)\\1', 'a$b', '\\Qx\\E'],
]) {
  test(`${regex} is refused, with a reason`, (t) => {
    const answer = pcreOf(regex);
    t.true(typeof answer === 'object' && answer.refused.length > 5, JSON.stringify(answer));
  });
}

test('what is taken matches what RE2 matches', (t) => {
  const regex = fc
    .array(
      fc.constantFrom(
        'a',
        'b',
        '.',
        '[ab]',
        '[^a]',
        '\\d',
        '\\w',
        '\\.',
        '(a|bc)',
        '(?:a|)',
        '-',
        '_',
        '|',
        '.*',
        'a+',
        'b?',
        'a{2}',
        'b{0,2}',
        '\\s',
      ),
      {
        minLength: 1,
        maxLength: 6,
      },
    )
    .map((pieces) => pieces.join(''));
  const value = fc.string({ unit: fc.constantFrom(...'abc01._- '), maxLength: 8 });
  fc.assert(
    fc.property(regex, fc.array(value, { minLength: 5, maxLength: 5 }), (source, values) => {
      const pcre = pcreOf(source);
      if (typeof pcre !== 'string') return;
      const re2 = RE2JS.compile(source);
      for (const one of values)
        t.is(new RegExp(pcre).test(one), re2.matches(one), `${source} as ${pcre} on "${one}"`);
    }),
    { numRuns: 2000 },
  );
});
