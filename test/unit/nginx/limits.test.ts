import test from 'ava';
import { checkMirror } from '../../../src/model/check-mirror.ts';
import { createNginxDataPlane } from '../../../src/dataplanes/nginx/index.ts';
import {
  LIMIT_REASONS,
  type LimitReason,
  PLAN_TYPE,
  limitAmong,
  limitName,
} from '../../../src/dataplanes/nginx/plan.ts';

test('what an agent says that NGINX is at is read back from its names', (t) => {
  const names = [
    'lua',
    limitName('a', 10_000),
    limitName('b.c', 0),
    'limit/d/',
    'limit/e/-1',
    'limit/f/99999999',
  ];
  t.deepEqual(limitAmong(names, 'a'), { percent: 10_000, reason: undefined });
  t.deepEqual(limitAmong(names, 'b.c'), { percent: 0, reason: undefined });
  for (const other of ['b', 'c', 'd', 'e', 'f', 'lua']) t.is(limitAmong(names, other), undefined);
  t.deepEqual(limitAmong([...names, limitName('a', 5, 'loop')], 'a'), { percent: 5, reason: 'loop' });
  t.deepEqual(limitAmong(['limit/a/7/of-a-later-agent'], 'a'), { percent: 7, reason: undefined });
});

test('a node says why it holds a mirror down, and what is to be done', (t) => {
  const nginx = createNginxDataPlane();
  const of = (fields: Readonly<Record<string, unknown>>) => {
    const checked = checkMirror('m', { fleet: 'edge', target: 'wallarm', percent: 25, ...fields });
    if (!checked.ok) throw new Error('a sample is bad');
    return checked.value;
  };
  const said = (reason: LimitReason | undefined, fields: Readonly<Record<string, unknown>> = {}) => {
    const subscriptions = new Map([[PLAN_TYPE, new Set(['lua', limitName('m', 0, reason)])]]);
    return nginx.limitations('lua', { version: '1.22.1', subscriptions }, [of(fields)]).join();
  };
  for (const reason of LIMIT_REASONS) t.regex(said(reason), /^mirror m is at 0 % here, as nginx says: \S/);
  const all = [undefined, ...LIMIT_REASONS].map((reason) => said(reason));
  t.is(new Set(all).size, all.length, 'each in words of its own');
  t.regex(said('not-included'), /no location includes location\.conf\. Add "include .*\/location\.conf;"/);
  const routes = [{ route: 'shop' }, { route: 'cart' }];
  t.regex(said('not-included', { routes }), /includes location-cart\.conf or location-shop\.conf\./);
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
