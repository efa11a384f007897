import test from 'ava';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { type Directive, NginxSyntaxError, parseNginx } from '../../../src/dataplanes/nginx/config/tokens.ts';
import { walk } from '../../../src/dataplanes/nginx/config/scopes.ts';
import { MAIN, refusal } from './check.ts';

/** Names, parameters and blocks, without lines. */
function shape(directives: readonly Directive[]): unknown {
  return directives.map(({ name, args, block }) => [
    name,
    ...args,
    ...(block === undefined ? [] : [shape(block)]),
  ]);
}

function errorOf(text: string): string | undefined {
  try {
    parseNginx(text);
    return undefined;
  } catch (error) {
    if (error instanceof NginxSyntaxError) return `${error.line}: ${error.message}`;
    throw error;
  }
}

/** Whether there is a block in the block that is in http. */
function isNested(text: string): boolean {
  return [...walk(parseNginx(text))].some(
    ({ directive, around }) => directive.block !== undefined && around.length > 1,
  );
}

for (const [text, expected] of [
  ['', []],
  ['# only a comment', []],
  ['# \f\na;', [['a']]],
  ['a b  c;#d;\ne;', [['a', 'b', 'c'], ['e']]],
  ['\uFEFFa;\r\nb;', [['a'], ['b']]],
  ['a b#c;', [['a', 'b#c']]],
  ['http{server{listen 80;}}', [['http', [['server', [['listen', '80']]]]]]],
  ['a "b ; { } # c" \'d "e"\';', [['a', 'b ; { } # c', 'd "e"']]],
  ['a "\\"b\\"" c\\;d \\t;', [['a', '"b"', 'c\\;d', '\t']]],
  ['a ${b}c$d;', [['a', '${b}c$d']]],
  ['if ($a = "") { return 204; }', [['if', '($a', '=', '', ')', [['return', '204']]]]],
  ['a "b\nc"\n  d;', [['a', 'b\nc', 'd']]],
  [
    'x_by_lua_block { local a = "}" -- }\n --[[ } ]] b = [=[ } ]=] if a then { } end }\nc;',
    [['x_by_lua_block', []], ['c']],
  ],
] as const) {
  test(`${JSON.stringify(text)} is read`, (t) => t.deepEqual(shape(parseNginx(text)), expected));
}

for (const [text, expected] of [
  ['a\nb', '2: ends within "a": ";" or "{" is missing'],
  ['http {\n server {\n }\n', '4: ends before the "}" of "http", line 1'],
  ['a;\n}', '2: unexpected "}": there is no block to end'],
  ['http {\n listen 80\n}', '3: unexpected "}": "listen" has no ";"'],
  ['a;\n;', '2: unexpected ";"'],
  ['\n{', '2: unexpected "{"'],
  ['a "b\nc;\n', '1: " has no end'],
  ["a 'b'c;", '1: unexpected "c" after \''],
  ['a_by_lua_block {\n "\\"" {', '1: a block of Lua has no end'],
  ['a;\nb c\0d;', '2: has a control character (0): take it out'],
  ['a;\n# b\0\n', '2: has a control character (0): take it out'],
  ['a;\nb "c\n\x1b";', '3: has a control character (27): take it out'],
] as const) {
  test(`${JSON.stringify(text)} is refused, with the line`, (t) => t.is(errorOf(text), expected));
}

test('lines are those of the file', (t) => {
  const [a, b] = parseNginx('\n# c\na "x\ny" {\n  b;\n}\nc_by_lua_block {\n\n}\nd;');
  t.like(a, { line: 3, end: 6, block: [{ name: 'b', line: 5 }] });
  t.like(b, { line: 7, end: 9 });
});

test("Debian's own nginx.conf is read", (t) => {
  const names = parseNginx(readFileSync('/etc/nginx/nginx.conf', 'utf8')).map(({ name }) => name);
  t.true(names.includes('http') && names.includes('events'));
});

test('what NGINX reads is read, and what it does not read is refused', async (t) => {
  const piece = fc.constantFrom(
    'a',
    '"',
    "'",
    '\\',
    '$',
    '{',
    '}',
    ';',
    ' ',
    '#',
    '\n',
    'm $x',
    '${b}',
    '#c\n',
    '"d" ',
  );
  const text = fc.array(piece, { minLength: 1, maxLength: 12 }).map((pieces) => pieces.join(''));
  const property = fc.asyncProperty(text, async (inner) => {
    // Among types any name is a directive, so that NGINX's grammar alone decides; but there are no blocks.
    const main = `${MAIN}http {\ntypes {\n${inner}\n}\n}`;
    const read = errorOf(main);
    if (read === undefined && isNested(main)) return;
    const said = await refusal(main);
    if (said !== undefined && !/unexpected|is not terminated/.test(said)) return;
    t.is(read === undefined, said === undefined, `${inner}: ${said} and ${read}`);
  });
  await fc.assert(property, { numRuns: 150 });
});
