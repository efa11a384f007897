import test from 'ava';
import fc from 'fast-check';
import type { Condition, Selection } from '../../../src/dataplanes/envoy/plan/condition.ts';
import { type Wish, narrow } from '../../../src/dataplanes/envoy/plan/narrow.ts';

interface Request {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

function holds(condition: Condition, request: Request): boolean {
  switch (condition.kind) {
    case 'path':
      return request.path.startsWith(condition.prefix);
    case 'methods':
      return condition.methods.includes(request.method);
    case 'domain':
      return request.headers['host'] === condition.domain;
    case 'header':
      return request.headers[condition.match.name] === condition.match.exact;
  }
}

function wanted(wish: Wish<string>, request: Request): boolean {
  const matches = (selection: Selection): boolean =>
    selection?.every((condition) => holds(condition, request)) ?? false;
  return wish.include.some(matches) && !wish.exclude.some(matches);
}

const paths = ['/', '/api', '/api/v2', '/login', '/log'];
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ kind: fc.constant('path' as const), prefix: fc.constantFrom(...paths) }),
  fc.record({
    kind: fc.constant('methods' as const),
    methods: fc.subarray(['DELETE', 'GET', 'POST'], { minLength: 1 }),
  }),
  fc.record({ kind: fc.constant('domain' as const), domain: fc.constantFrom('a.example', 'b.example') }),
  fc.record({
    kind: fc.constant('header' as const),
    match: fc.record({ name: fc.constantFrom('x-a', 'x-b'), exact: fc.constantFrom('1', '2') }),
  }),
);
const selections = fc.array(fc.array(condition, { maxLength: 2 }), { maxLength: 3 });
const wishes = fc
  .array(fc.record({ include: selections, exclude: selections }), { minLength: 1, maxLength: 3 })
  .map((list) => list.map((wish, index) => ({ mirror: `m${index}`, ...wish })));
const request: fc.Arbitrary<Request> = fc.record({
  path: fc.constantFrom(...paths, '/api/v2/x', '/other'),
  method: fc.constantFrom('GET', 'POST', 'PUT'),
  headers: fc.record({
    host: fc.constantFrom('a.example', 'c.example'),
    'x-a': fc.constantFrom('1', '2', '3'),
    'x-b': fc.constantFrom('1', '3'),
  }),
});

test('the first narrowed route that matches a request has exactly the mirrors that want it', (t) => {
  fc.assert(
    fc.property(wishes, fc.array(request, { minLength: 5, maxLength: 30 }), (list, requests) => {
      const routes = narrow(list);
      if (routes === undefined) return;
      for (const one of requests) {
        const first = routes.find(({ conditions }) => conditions.every((item) => holds(item, one)));
        t.deepEqual(
          first?.mirrors,
          list.filter((wish) => wanted(wish, one)).map(({ mirror }) => mirror),
        );
      }
    }),
    { numRuns: 500 },
  );
});

test('the last narrowed route is the original, so every request still has a route', (t) => {
  fc.assert(
    fc.property(wishes, (list) => {
      const routes = narrow(list);
      if (routes !== undefined) t.deepEqual(routes.at(-1)?.conditions, []);
    }),
  );
});

test('ten excluded prefixes make ten copies, not a thousand', (t) => {
  const exclude = Array.from({ length: 10 }, (_, n): Condition[] => [
    { kind: 'path', prefix: `/never-${n}/` },
  ]);
  t.is(narrow([{ mirror: 'm', include: [[]], exclude }])?.length, 11);
});

test('too many independent conditions are refused', (t) => {
  const include = Array.from({ length: 20 }, (_, n): Condition[] => [
    { kind: 'header', match: { name: `x-${n}`, exact: '1' } },
  ]);
  t.is(
    narrow(include.map((selection, n) => ({ mirror: `m${n}`, include: [selection], exclude: [] }))),
    undefined,
  );
});
