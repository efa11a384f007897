import { copyHeaders } from './copy-headers.ts';
import { decide } from './conditions.ts';
import { NOT_DRAWN, REPEATED } from './log-line.ts';
import { drawBlock } from './lua.ts';
import type { RenderOptions } from './options.ts';
import type { PlannedMirror } from './plan.ts';
import { indent, quoted, symbolOf } from './syntax.ts';

/** However long a target may take by its limits: its answers are waited for by the client's next request. */
export const MAX_CONNECT_MS = 500;
export const MAX_ANSWER_MS = 2000;

/** Where copies of a mirror are made; `route`: of requests in locations called so, where that makes a difference. */
export function mirrorUri(mirror: string, route?: string): string {
  return `/_mirrorplane/${mirror}${route === undefined ? '' : `/${route}`}`;
}

/** The internal location that makes copies. Nothing of the server around it may act on them: all of it is set here. */
export function mirrorLocation(
  mirror: PlannedMirror,
  route: string | undefined,
  options: RenderOptions,
): readonly string[] {
  const { name, copy, target } = mirror;
  const symbol = symbolOf(name);
  const logged = options.logAddress === undefined ? undefined : `${symbol}_logged`;
  const { variable } = decide(mirror, route);
  const { connectTimeoutMs, maxStreamDurationMs } = target.limits;
  const answer = Math.min(maxStreamDurationMs, MAX_ANSWER_MS);
  return [
    `location = ${quoted(mirrorUri(name, route))} {`,
    ...indent([
      'internal;',
      ...logLines(symbol, logged, options),
      '# A page for an error would be one more request, to wherever the server around has it.',
      'error_page 598 /_mirrorplane/;',
      'proxy_intercept_errors off;',
      ...(variable === undefined ? [] : [`if (${variable} = "") { return ${NOT_DRAWN}; }`]),
      '# An internal redirect (index, try_files, error_page) mirrors again; variables survive it.',
      'uninitialized_variable_warn off;',
      `if ($${symbol}_done) { return ${REPEATED}; }`,
      `set $${symbol}_done 1;`,
      ...drawLines(mirror, logged, options),
      '# The request was let in already, with the limit of its own location.',
      'client_max_body_size 0;',
      'proxy_http_version 1.1;',
      `proxy_connect_timeout ${Math.min(connectTimeoutMs, MAX_CONNECT_MS)}ms;`,
      `proxy_send_timeout ${answer}ms;`,
      `proxy_read_timeout ${answer}ms;`,
      'proxy_next_upstream off;',
      'proxy_ignore_client_abort on;',
      'proxy_cache off;',
      'proxy_store off;',
      'proxy_pass_request_headers on;',
      `proxy_pass_request_body ${copy.body === false ? 'off' : 'on'};`,
      ...copyHeaders(copy),
      ...tlsLines(mirror, options),
      `proxy_pass ${target.tls === undefined ? 'http' : 'https'}://${symbol}$request_uri;`,
    ]),
    '}',
  ];
}

/** Of requests that are not copied nothing is told. Lua counts in the phase of the log, so that must come. */
function logLines(
  symbol: string,
  logged: string | undefined,
  { logAddress, driver }: RenderOptions,
): readonly string[] {
  const log = `syslog:server=${logAddress},nohostname,tag=mirrorplane ${symbol} if=$${logged}`;
  return [
    `access_log ${logAddress === undefined ? 'off' : log};`,
    ...(logAddress === undefined && driver === 'reload' ? [] : ['log_subrequest on;']),
  ];
}

function drawLines(
  { name, target }: PlannedMirror,
  logged: string | undefined,
  { driver }: RenderOptions,
): readonly string[] {
  const isLua = driver === 'lua';
  const set = logged === undefined ? [] : [`set $${logged} ${isLua ? '""' : '1'};`];
  return isLua
    ? [...set, ...drawBlock(name, target.limits.maxRequests, logged)]
    : [`if ($${symbolOf(name)} = "") { return ${NOT_DRAWN}; }`, ...set];
}

/** NGINX checks a certificate only with a name: without one given it is the target's host. */
function tlsLines({ target }: PlannedMirror, { directory }: RenderOptions): readonly string[] {
  const { tls, endpoints } = target;
  if (tls === undefined) return [];
  const caFile = tls.ca === undefined ? tls.caFile : `${directory}/${caFileOf(target.name)}`;
  const name = tls.serverName ?? endpoints[0]?.host ?? '';
  return [
    'proxy_ssl_protocols TLSv1.2 TLSv1.3;',
    `proxy_ssl_server_name ${tls.serverName === undefined ? 'off' : 'on'};`,
    `proxy_ssl_name ${quoted(name)};`,
    `proxy_ssl_verify ${caFile === undefined ? 'off' : 'on'};`,
    ...(caFile === undefined
      ? []
      : ['proxy_ssl_verify_depth 5;', `proxy_ssl_trusted_certificate ${quoted(caFile)};`]),
    ...(tls.certFile === undefined ? [] : [`proxy_ssl_certificate ${quoted(tls.certFile)};`]),
    ...(tls.keyFile === undefined ? [] : [`proxy_ssl_certificate_key ${quoted(tls.keyFile)};`]),
  ];
}

/** NGINX takes certificate authorities from files only. */
export function caFileOf(target: string): string {
  return `ca-${target}.pem`;
}
