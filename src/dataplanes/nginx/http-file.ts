import { type Decision, decide, isPossible, mentions, routesOf } from './conditions.ts';
import { formatPercent, FULL } from '../../model/percent.ts';
import { logFormat } from './log-line.ts';
import { BALANCER, DICT_BLOCK, VERSION_LOCATION, stateLocation } from './lua.ts';
import type { RenderOptions } from './options.ts';
import { peersOf } from './peers.ts';
import type { Plan, PlannedMirror } from './plan.ts';
import { DOLLAR_BLOCK, commented, indent, literal, symbolOf } from './syntax.ts';

/** Idle connections to a target that each worker keeps. */
const MAX_KEPT = 32;

/** What belongs into http {}: draws, conditions, targets, and the server that tells what is in force. */
export function httpFile(
  plan: Plan,
  options: RenderOptions,
  filesVersion: string,
  needsDollar: boolean,
): string {
  const { driver, logAddress } = options;
  const lines = [
    ...(needsDollar ? [DOLLAR_BLOCK] : []),
    ...(driver === 'lua' ? [DICT_BLOCK] : []),
    ...plan.mirrors.flatMap((mirror) => [
      '',
      `# mirror ${commented(mirror.name)} to target ${commented(mirror.target.name)}`,
      ...(driver === 'lua' ? [] : drawLines(mirror)),
      ...decisionsOf(mirror, routesOf(plan.mirrors)).flatMap(({ maps }) => maps),
      ...(logAddress === undefined ? [] : [`log_format ${symbolOf(mirror.name)} ${logFormat(mirror.name)};`]),
      ...upstreamLines(mirror, options),
    ]),
    '',
    ...stateServer(plan, options, filesVersion),
  ];
  return `${lines.join('\n').trimStart()}\n`;
}

function decisionsOf(mirror: PlannedMirror, routes: readonly string[]): readonly Decision[] {
  return [undefined, ...routes.filter((route) => mentions(mirror, route))]
    .filter((route) => isPossible(mirror, route))
    .map((route) => decide(mirror, route));
}

/** The id is NGINX's own and random; the name makes the draws of two mirrors independent. */
function drawLines({ name, percent }: PlannedMirror): readonly string[] {
  const symbol = symbolOf(name);
  // NGINX refuses 0 %; there the mirror has no line in a location either.
  const share = percent <= 0 ? '* "";' : percent >= FULL ? '* 1;' : `${shareOf(percent)}% 1; * "";`;
  return [`split_clients "\${request_id}${name}" $${symbol} { ${share} }`];
}

function shareOf(percent: number): string {
  return formatPercent(percent).toFixed(2);
}

/** Shared between workers, so that `max_conns` bounds them all. */
function upstreamLines(mirror: PlannedMirror, options: RenderOptions): readonly string[] {
  const { name, target } = mirror;
  const { limits } = target;
  const symbol = symbolOf(name);
  const servers = peersOf(mirror, options.addresses).map(
    ({ text }) => `server ${text} max_conns=${limits.maxConnections};`,
  );
  return [
    `upstream ${symbol} {`,
    ...indent([
      ...(options.driver === 'lua' ? BALANCER : [`zone ${symbol} 256k;`, ...servers]),
      `keepalive ${Math.min(limits.maxConnections, MAX_KEPT)};`,
      `keepalive_timeout ${limits.idleTimeoutMs}ms;`,
    ]),
    '}',
  ];
}

function stateServer(
  plan: Plan,
  { driver, stateListen }: RenderOptions,
  filesVersion: string,
): readonly string[] {
  const version = driver === 'lua' ? VERSION_LOCATION : [`return 200 ${literal(plan.version)};`];
  return [
    '# Tells the agent what is in force.',
    'server {',
    ...indent([
      `listen ${stateListen};`,
      'access_log off;',
      'auth_basic off;',
      'satisfy all;',
      'allow 127.0.0.1;',
      'allow ::1;',
      'deny all;',
      '# The agent sends no such header; copies do, and what a proxy passes on.',
      'if ($http_x_forwarded_for != "") { return 403; }',
      '# Each answer from a new connection, and so from a worker that takes some.',
      'keepalive_timeout 0;',
      'default_type text/plain;',
      'location = /version {',
      ...indent(version),
      '}',
      ...(driver === 'lua' ? ['location = /state {', ...indent(stateLocation(filesVersion)), '}'] : []),
      'location / { return 404; }',
    ]),
    '}',
  ];
}
