import test from 'ava';
import { DriverChoice } from '../../../src/agent/driver-choice.ts';
import { type LuaLines, luaLinesOf } from '../../../src/agent/lua-check.ts';
import { parseNginx } from '../../../src/dataplanes/nginx/config/tokens.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const NONE: LuaLines = { main: [], http: [] };
const SOME: LuaLines = { main: ['load_module "lua.so";'], http: [] };

function begin(asked: 'auto' | 'lua' | 'reload') {
  const nginx = { complaint: undefined as string | undefined, asked: 0 };
  const complaint = (): Promise<string | undefined> => {
    nginx.asked++;
    return Promise.resolve(nginx.complaint);
  };
  return { nginx, choice: new DriverChoice({ asked, complaint, log }) };
}

test('Lua that goes, or comes, is told when it was seen twice', async (t) => {
  for (const first of [undefined, 'no Lua']) {
    const { nginx, choice } = begin('auto');
    nginx.complaint = first;
    t.is(await choice.choose(NONE), first === undefined ? 'lua' : 'reload');
    t.is(await choice.review(NONE, 1), undefined);
    nginx.complaint = first === undefined ? 'no Lua' : undefined;
    t.is(await choice.review(NONE, 1), undefined, 'nothing is new');
    t.is(await choice.review(SOME, 1), undefined, 'once is not enough');
    t.regex(
      (await choice.review(SOME, 1)) ?? '',
      first === undefined ? /no Lua that works any more: no Lua/ : /has Lua now/,
    );
  }
});

test('a master that is new is looked at, once; what was only for a moment is nothing', async (t) => {
  const { nginx, choice } = begin('auto');
  await choice.choose(NONE);
  await choice.review(NONE, 1);
  nginx.complaint = 'it took too long';
  await choice.review(NONE, 2);
  nginx.complaint = undefined;
  t.is(await choice.review(NONE, 2), undefined);
  const { asked } = nginx;
  t.is(await choice.review(NONE, 2), undefined);
  t.is(nginx.asked, asked);
});

test('what the operator chose stays', async (t) => {
  const { nginx, choice } = begin('lua');
  nginx.complaint = 'no Lua';
  t.is(await choice.choose(NONE), 'lua');
  for (const master of [1, 1]) t.is(await choice.review(SOME, master), undefined);
});

test('lines that matter to Lua are found wherever they are, and kept as they were', (t) => {
  const text = `user a; load_module a.so; load_module "b c.so"; # load_module d.so;
    events {} http { lua_package_path '/a/?.lua;;'; lua_package_cpath "/b/?.so"; server { } }`;
  t.deepEqual(luaLinesOf(parseNginx(text)), {
    main: ['load_module "a.so";', 'load_module "b c.so";'],
    http: ['lua_package_path "/a/?.lua;;";', 'lua_package_cpath "/b/?.so";'],
  });
});
