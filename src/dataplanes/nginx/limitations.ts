import type { Mirror } from '../../model/mirror.ts';
import { formatPercent } from '../../model/percent.ts';
import type { NodeTraits } from '../data-plane.ts';
import { PLAN_TYPE, limitAmong } from './plan.ts';

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
  const held = mirrors.flatMap(({ name, percent }) => {
    const limit = limitAmong(namesOf(node), name);
    return limit === undefined || limit >= percent
      ? []
      : [
          `mirror ${name} is at ${formatPercent(limit)} % here, as nginx says: its target is not well, or nginx was restarted`,
        ];
  });
  return variant === 'reload' && isOlder(node.version)
    ? [
        ...held,
        `each change is a reload, and this nginx (${node.version}) drops requests of keep-alive clients in it`,
      ]
    : held;
}

function isOlder(version: string | undefined): boolean {
  if (version === undefined) return false;
  const parts = version.split('.').map(Number);
  const differing = LOSSLESS.findIndex((part, index) => parts[index] !== part);
  return differing >= 0 && (parts[differing] ?? 0) < (LOSSLESS[differing] ?? 0);
}
