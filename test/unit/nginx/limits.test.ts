import test from 'ava';
import { checkMirror } from '../../../src/model/check-mirror.ts';
import { createNginxDataPlane } from '../../../src/dataplanes/nginx/index.ts';
import { PLAN_TYPE, limitAmong, limitName } from '../../../src/dataplanes/nginx/plan.ts';

test('what an agent says that NGINX is at is read back from its names', (t) => {
  const names = [
    'lua',
    limitName('a', 10_000),
    limitName('b.c', 0),
    'limit/d/',
    'limit/e/-1',
    'limit/f/99999999',
  ];
  t.is(limitAmong(names, 'a'), 10_000);
  t.is(limitAmong(names, 'b.c'), 0);
  for (const other of ['b', 'c', 'd', 'e', 'f', 'lua']) t.is(limitAmong(names, other), undefined);
  t.is(limitAmong([...names, limitName('a', 5)], 'a'), 5);
});

test('a node says what it holds down, and what a reload of an old NGINX costs', (t) => {
  const nginx = createNginxDataPlane();
  const checked = checkMirror('m', { fleet: 'edge', target: 'wallarm', percent: 25 });
  if (!checked.ok) throw new Error('a sample is bad');
  const limitations = (driver: string, version: string, ...names: string[]) =>
    nginx.limitations(
      driver,
      { version, subscriptions: new Map([[PLAN_TYPE, new Set([driver, ...names])]]) },
      [checked.value],
    );
  t.deepEqual(limitations('lua', '1.22.1'), []);
  t.deepEqual(limitations('reload', '1.27.4'), []);
  t.deepEqual(limitations('reload', '1.31.0'), []);
  t.regex(limitations('reload', '1.22.1').join(), /each change is a reload, and this nginx \(1\.22\.1\)/);
  t.regex(limitations('reload', '1.27.3').join(), /drops requests/);
  t.regex(limitations('lua', '1.22.1', limitName('m', 0)).join(), /mirror m is at 0 % here/);
  t.deepEqual(limitations('lua', '1.22.1', limitName('m', 250_000), limitName('other', 0)), []);
});
