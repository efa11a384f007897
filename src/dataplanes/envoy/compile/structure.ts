import { type Issue, IssueList, type Result, fail, ok } from '../../../model/issue.ts';
import type { Mirror } from '../../../model/mirror.ts';
import type { CompileInput } from '../../data-plane.ts';
import type { EnvoyConfig } from '../config/read.ts';
import { type Json, objects } from '../json.ts';
import type { Target } from '../../../model/target.ts';
import { mirrorableRoutes, mirrorsByItself } from '../config/mirror-policies.ts';
import { type Plan, makePlan } from '../plan/plan.ts';
import type { EnvoySchema } from '../schema/index.ts';
import { type MirrorCluster, buildMirrorCluster } from '../translate/mirror-cluster.ts';
import { mirrorPolicy } from '../translate/mirror-policy.ts';
import { rewritesOf } from '../translate/rewrites.ts';
import { RESOURCES } from '../types.ts';

/** All of a fleet's resources but the percents: what a percent change leaves alone. */
export interface Structure {
  readonly config: EnvoyConfig;
  readonly plan: Plan;
  /** By mirror. */
  readonly clusters: ReadonlyMap<string, MirrorCluster>;
  /** By mirror. */
  readonly targets: ReadonlyMap<string, Target>;
  readonly warnings: readonly Issue[];
}

export function buildStructure(schema: EnvoySchema, input: CompileInput<EnvoyConfig>): Result<Structure> {
  const { config, mirrors } = input;
  const errors = new IssueList();
  const warnings: Issue[] = [];
  const plan = makePlan(
    config.lists.routes,
    mirrors.map(({ mirror }) => mirror),
    {
      errors,
      unreached: (mirror) =>
        warnings.push({
          path: `mirrors.${mirror.name}.routes`,
          message:
            "no route of the fleet is selected, so nothing is copied; compare with the fleet's resources",
        }),
    },
  );
  warnings.push(...unreachableHosts(config), ...unreachableClusters(config));
  const rewriting = mirrorsOnRewrites(plan);
  const clusters = new Map<string, MirrorCluster>();
  const targets = new Map<string, Target>();
  for (const { mirror, target } of mirrors) {
    const built = buildMirrorCluster(mirror, target, rewriting.has(mirror));
    checkMirror(schema, mirror, built, errors);
    clusters.set(mirror.name, built);
    targets.set(mirror.name, target);
  }
  if (errors.items.length > 0) return fail(errors.items);
  return ok({ config, plan, clusters, targets, warnings }, warnings);
}

/** The mirrors of each route configuration. */
export function mirrorsOn({ config, plan }: Structure): ReadonlyMap<Json, readonly Mirror[]> {
  const mirrors = (routes: Json): Set<Mirror> => {
    const found = new Set<Mirror>();
    for (const { route } of mirrorableRoutes(routes, '')) {
      for (const copy of plan.get(route)?.copies ?? []) copy.mirrors.forEach((mirror) => found.add(mirror));
    }
    return found;
  };
  return new Map(config.lists.routes.map((routes) => [routes, [...mirrors(routes)]]));
}

/** What was made from a mirror goes through the same schema and rules as what owners write. */
function checkMirror(schema: EnvoySchema, mirror: Mirror, built: MirrorCluster, errors: IssueList): void {
  const at = errors.at('mirrors').at(mirror.name);
  schema.check(RESOURCES.clusters, built.cluster, at.at('cluster'));
  if (built.endpoints !== undefined) schema.check(RESOURCES.endpoints, built.endpoints, at.at('endpoints'));
  const edge = { trust: 'stated', scheme: 'mixed' } as const;
  const policy = mirrorPolicy(mirror, { from: 'runtime' }, edge, { host: true, path: true });
  schema.check('envoy.config.route.v3.RouteAction.RequestMirrorPolicy', policy, at.at('policy'));
}

function mirrorsOnRewrites(plan: Plan): ReadonlySet<Mirror> {
  const found = new Set<Mirror>();
  for (const [route, { copies }] of plan) {
    const { host, path } = rewritesOf(route);
    if (host || path) for (const copy of copies) copy.mirrors.forEach((mirror) => found.add(mirror));
  }
  return found;
}

function unreachableHosts(config: EnvoyConfig): readonly Issue[] {
  return config.lists.routes.flatMap((routes) =>
    objects(routes['virtual_hosts'])
      .filter((host: Json) => host['matcher'] !== undefined)
      .map((host) => ({
        path: `routes[${String(routes['name'])}].virtual_hosts[${String(host['name'])}].matcher`,
        message: 'mirrors do not reach routes inside a matcher tree',
      })),
  );
}

/** Seen with Envoy 1.40: a cluster's own mirror policies are taken in place of those of routes. */
function unreachableClusters(config: EnvoyConfig): readonly Issue[] {
  return config.lists.clusters.filter(mirrorsByItself).map(({ name }) => ({
    path: `clusters[${String(name)}].typed_extension_protocol_options`,
    message:
      'mirrors do not reach requests to this cluster: Envoy takes the request_mirror_policies that stand here in ' +
      'place of those of routes',
  }));
}
