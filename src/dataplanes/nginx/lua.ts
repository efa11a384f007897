import { indent } from './syntax.ts';

/** Key of the version in the dict. Those of mirrors have a dot and a known end. */
const VERSION_KEY = 'version';
/** When the agent asked last, by NGINX's clock. */
const HEARD_KEY = 'heard';
/** An agent asks every second. So long after it asked last nobody takes lines of the log, it seems. */
const LISTENS_S = 5;
/** An agent that is busy with one change may not ask for so long. */
export const GRACE_S = 15;

export const DICT = 'mirrorplane';
export const DICT_BLOCK = `lua_shared_dict ${DICT} 1m;`;

export function ppmKey(mirror: string): string {
  return `${mirror}.ppm`;
}

/** `address:port`, several with a space between them: one entry, so that it changes at once. */
export function addressesKey(mirror: string): string {
  return `${mirror}.addrs`;
}

/** For how many seconds after the agent was heard of a mirror with `expiresAfter` may go on. */
export function endsKey(mirror: string): string {
  return `${mirror}.ends`;
}

/** What `PUT /state` takes. */
export function stateBody(version: string, entries: ReadonlyMap<string, string>): string {
  return JSON.stringify({ version, entries: Object.fromEntries(entries) });
}

/**
 * Draws: decides whether this request is copied. From a hash of the request's id and the mirror's name, so that mirrors
 * draw independently, an id decides the same again, and no client can choose its luck: NGINX makes the id. The random
 * numbers of Lua itself are not touched; they may be its owner's.
 */
export function drawBlock(
  mirror: string,
  maxRequests: number,
  logged: string | undefined,
): readonly string[] {
  return [
    'rewrite_by_lua_block {',
    ...indent([
      `local dict = ngx.shared.${DICT}`,
      `local ppm = tonumber(dict:get("${ppmKey(mirror)}")) or 0`,
      'if ppm <= 0 then return ngx.exit(204) end',
      `local a, b, c, d, e = ngx.md5_bin(ngx.var.request_id .. "${mirror}"):byte(1, 5)`,
      'if (((a * 256 + b) * 256 + c) * 256 + d) * 1000000 >= ppm * 4294967296 then return ngx.exit(204) end',
      `local silent = ngx.now() - (dict:get("${HEARD_KEY}") or 0)`,
      '-- Without its agent nobody would end it.',
      `if silent > (tonumber(dict:get("${endsKey(mirror)}")) or math.huge) then return ngx.exit(204) end`,
      ...(logged === undefined
        ? []
        : [
            '-- A line that nobody takes is one in the error log.',
            `if silent < ${LISTENS_S} then ngx.var.${logged} = "1" end`,
          ]),
      'local peers = {}',
      `for host, port in (dict:get("${addressesKey(mirror)}") or ""):gmatch("(%S+):(%d+)") do`,
      '    peers[#peers + 1] = { host, tonumber(port) }',
      'end',
      'if #peers == 0 then return ngx.exit(503) end',
      '-- Under way in this worker: a slow target must not gather requests without end.',
      'local busy = package.loaded.mirrorplane_busy or {}',
      'package.loaded.mirrorplane_busy = busy',
      `local most = math.max(1, math.floor(${maxRequests} / ngx.worker.count()))`,
      `if (busy["${mirror}"] or 0) >= most then return ngx.exit(503) end`,
      `busy["${mirror}"] = (busy["${mirror}"] or 0) + 1`,
      'ngx.ctx.mirrorplane_peer = peers[e % #peers + 1]',
    ]),
    '}',
    'log_by_lua_block {',
    ...indent([
      'if ngx.ctx.mirrorplane_peer then',
      '    local busy = package.loaded.mirrorplane_busy',
      `    busy["${mirror}"] = busy["${mirror}"] - 1`,
      'end',
    ]),
    '}',
  ];
}

/** The server is a form: without one NGINX refuses the upstream. */
export const BALANCER: readonly string[] = [
  'server 0.0.0.1;',
  'balancer_by_lua_block {',
  ...indent([
    'local peer = ngx.ctx.mirrorplane_peer',
    'local set, why = require("ngx.balancer").set_current_peer(peer[1], peer[2])',
    'if not set then ngx.log(ngx.ERR, "mirrorplane: ", why) return ngx.exit(502) end',
  ]),
  '}',
];

/** The version that the dict was set to; nothing after a restart. Who asks as the agent does is heard of. */
export const VERSION_LOCATION: readonly string[] = [
  'content_by_lua_block {',
  ...indent([
    `if ngx.var.arg_agent then ngx.shared.${DICT}:set("${HEARD_KEY}", ngx.now()) end`,
    `ngx.say(ngx.shared.${DICT}:get("${VERSION_KEY}") or "")`,
  ]),
  '}',
];

/**
 * `GET` says what the dict has, and which files were loaded; `PUT` sets all of it. Percents come after addresses and
 * the version comes last, so that whoever reads the version has the rest. Lua has no JSON of its own on Debian: what is
 * taken is just the form of {@link stateBody}, whose texts need no escapes.
 */
export function stateLocation(files: string): readonly string[] {
  return [
    'client_body_buffer_size 1m;',
    'client_max_body_size 1m;',
    'content_by_lua_block {',
    ...indent([
      `local dict = ngx.shared.${DICT}`,
      'local function answer(status, text)',
      '    ngx.status = status',
      '    ngx.say(text)',
      'end',
      'if ngx.req.get_method() == "GET" then',
      '    local keys, items = dict:get_keys(0), {}',
      '    table.sort(keys)',
      '    for _, key in ipairs(keys) do',
      `        if key:find(".", 1, true) then items[#items + 1] = '"' .. key .. '":"' .. (dict:get(key) or "") .. '"' end`,
      '    end',
      `    local version = dict:get("${VERSION_KEY}") or ""`,
      `    return answer(200, '{"files":"${files}","version":"' .. version .. '","entries":{' .. table.concat(items, ",") .. "}}")`,
      'end',
      'if ngx.req.get_method() ~= "PUT" then return answer(405, \'{"error":"GET or PUT"}\') end',
      'ngx.req.read_body()',
      'local body = ngx.req.get_body_data() or ""',
      'local version, list = body:match(\'^%s*{%s*"version"%s*:%s*"([%w._-]*)"%s*,%s*"entries"%s*:%s*{(.*)}%s*}%s*$\')',
      'if not version then return answer(400, \'{"error":"no state"}\') end',
      'local entries, at = {}, 1',
      'while list:find("%S", at) do',
      '    local key, value, comma, after = list:match(\'^%s*"([%w._-]+)"%s*:%s*"([%w%.:%[%] -]*)"%s*(,?)()\', at)',
      '    if not key or (comma == "" and list:find("%S", after)) then return answer(400, \'{"error":"no entries"}\') end',
      '    entries[key] = value',
      '    at = after',
      'end',
      'local function put(ending)',
      '    for key, value in pairs(entries) do',
      '        if key:sub(-#ending) == ending then',
      '            local set, why = dict:safe_set(key, value)',
      '            if not set then return why end',
      '        end',
      '    end',
      'end',
      `dict:set("${HEARD_KEY}", ngx.now())`,
      'local why = put(".addrs") or put(".ends") or put(".ppm")',
      'for _, key in ipairs(dict:get_keys(0)) do',
      '    if key:find(".", 1, true) and not entries[key] then dict:delete(key) end',
      'end',
      `why = why or select(2, dict:safe_set("${VERSION_KEY}", version))`,
      'if why then return answer(507, \'{"error":"\' .. why .. \'"}\') end',
      'return answer(200, \'{"version":"\' .. version .. \'"}\')',
    ]),
    '}',
  ];
}
