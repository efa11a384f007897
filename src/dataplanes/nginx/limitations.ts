import type { Mirror } from '../../model/mirror.ts';
import { formatPercent } from '../../model/percent.ts';
import type { NodeTraits } from '../data-plane.ts';
import { isPossible, routesOf } from './conditions.ts';
import { DEFAULT_DIRECTORY, HTTP_FILE, LOCATION_FILE, SERVER_FILE, routeFile } from './options.ts';
import { type LimitReason, PLAN_TYPE, limitAmong } from './plan.ts';

/** The first release with `keepalive_min_timeout`: https://nginx.org/en/docs/http/ngx_http_core_module.html */
const LOSSLESS = [1, 27, 4];

const NONE: ReadonlySet<string> = new Set();

/** What the agent asks for: the name of its driver, and where NGINX is at less than the plan. */
export function namesOf({ subscriptions }: NodeTraits): ReadonlySet<string> {
  return subscriptions.get(PLAN_TYPE) ?? NONE;
}

export function limitations(
  variant: string,
  node: NodeTraits,
  mirrors: readonly Mirror[],
): readonly string[] {
  const held = mirrors.flatMap((mirror) => {
    const limit = limitAmong(namesOf(node), mirror.name);
    if (limit === undefined || limit.percent >= mirror.percent) return [];
    const percent = formatPercent(limit.percent);
    return [`mirror ${mirror.name} is at ${percent} % here, as nginx says: ${because(limit.reason, mirror)}`];
  });
  return variant === 'reload' && isOlder(node.version)
    ? [
        ...held,
        `each change is a reload, and this nginx (${node.version}) drops requests of keep-alive clients in it`,
      ]
    : held;
}

function because(reason: LimitReason | undefined, mirror: Mirror): string {
  switch (reason) {
    case 'unwell':
      return 'copies to its target fail, or are not answered, or late; the agent tries it again by itself';
    case 'expired':
      return 'its agent had not heard of the control plane for longer than expiresAfter';
    case 'unknown':
      return 'nginx was restarted, or does not answer; the agent goes on asking';
    case 'not-included':
      return (
        `no location includes ${filesOf(mirror).join(' or ')}. Add "include ${DEFAULT_DIRECTORY}/` +
        `${filesOf(mirror)[0] ?? LOCATION_FILE};" to the location {} to be mirrored, "include ${DEFAULT_DIRECTORY}/` +
        `${SERVER_FILE};" to the server {} around it and "include ${DEFAULT_DIRECTORY}/${HTTP_FILE};" to http {} ` +
        "(the agent's directory, if it has another), and reload nginx"
      );
    case 'misplaced':
      return (
        `a location includes ${filesOf(mirror).join(' or ')} in a server {} that does not include ${SERVER_FILE}: ` +
        `copies would be requests to the locations of that server. Add "include ${DEFAULT_DIRECTORY}/${SERVER_FILE};" ` +
        "to that server {} (its place is in the agent's log), and reload nginx"
      );
    case 'loop':
      return 'its target is this nginx itself, and copies would be copied without end. Give the target the address of a node';
    case undefined:
      return 'its target is not well, or nginx was restarted';
  }
}

/** Files with the mirror in them. */
function filesOf(mirror: Mirror): readonly string[] {
  return [undefined, ...routesOf([mirror])]
    .filter((route) => isPossible(mirror, route))
    .map((route) => (route === undefined ? LOCATION_FILE : routeFile(route)));
}

function isOlder(version: string | undefined): boolean {
  if (version === undefined) return false;
  const parts = version.split('.').map(Number);
  const differing = LOSSLESS.findIndex((part, index) => parts[index] !== part);
  return differing >= 0 && (parts[differing] ?? 0) < (LOSSLESS[differing] ?? 0);
}
