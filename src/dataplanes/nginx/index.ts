import type { Issue } from '../../model/issue.ts';
import { fail, ok } from '../../model/issue.ts';
import type { Capabilities, Compiled, CompileInput, DataPlane } from '../data-plane.ts';
import { NginxCompiled, type Structure, driverOf, structureOf } from './compiled.ts';
import { routesOf } from './conditions.ts';
import { type NginxConfig, readNginxConfig } from './config/read.ts';
import { DEFAULT_DIRECTORY, DEFAULT_STATE_LISTEN, routeFile } from './options.ts';
import { limitations, namesOf } from './limitations.ts';
import { type Driver, PLAN_TYPE, type Plan, limitAmong } from './plan.ts';
import { RELOAD_STEP, unshared } from './plan-of.ts';
import { renderNginx } from './render.ts';
import { unableOf, warningsOf } from './unable.ts';

/** What agents call a mirror's copies in their load reports. */
export const CLUSTER_PREFIX = 'mirrorplane_';

/** The NGINX data plane: plans for agents, which make files of them. Pure but for what it remembers of earlier input. */
export function createNginxDataPlane(): DataPlane<NginxConfig> {
  const structures = new WeakMap<NginxConfig, { readonly key: string; readonly structure: Structure }>();

  function structureFor(input: CompileInput<NginxConfig>, key: string): Structure {
    const known = structures.get(input.config);
    if (known?.key === key) return known.structure;
    const planned = input.mirrors.map(({ mirror, target }) => unshared(mirror, target));
    const warnings = [
      ...input.mirrors.flatMap(({ mirror, target }) => warningsOf(mirror, target).items),
      ...notIncluded(input),
    ];
    const structure = structureOf(planned, warnings);
    structures.set(input.config, { key, structure });
    return structure;
  }

  return {
    kind: 'nginx',
    capabilities: CAPABILITIES,
    textType: 'text/plain; charset=utf-8',
    looksLike: (text) =>
      /^[ \t]*(?:http|server|events|location [^{};\n]*)[ \t]*\{/m.test(text) && text.includes(';'),
    readConfig: (text, _format, options) => readNginxConfig(text, options),
    compile(input) {
      const key = structureKey(input);
      if (structures.get(input.config)?.key !== key) {
        const issues = input.mirrors.flatMap(({ mirror, target }) => unableOf(mirror, target).items);
        if (issues.length > 0) return fail(distinct(issues));
      }
      const percents = new Map(input.mirrors.map(({ mirror }) => [mirror.name, mirror.percent]));
      const compiled = new NginxCompiled(structureFor(input, key), percents);
      return ok(compiled, compiled.warnings);
    },
    variantFor: (node): Driver => (namesOf(node).has('lua') ? 'lua' : 'reload'),
    effectivePercent: (mirror, acked) => {
      const plans = acked.get(PLAN_TYPE);
      return plans && (plans.labels.get(mirror) ?? 0);
    },
    mirrorOfCluster: (cluster) =>
      cluster.startsWith(CLUSTER_PREFIX) ? cluster.slice(CLUSTER_PREFIX.length) : undefined,
    limitOf: (mirror, node) => limitAmong(namesOf(node), mirror)?.percent,
    limitations,
    renderings: { nginx: renderFiles },
  };
}

const CAPABILITIES: Capabilities = Object.freeze({
  // What every agent can; those with Lua take each ppm.
  percentStep: RELOAD_STEP,
  sampling: 'random',
  copy: Object.freeze({ setHeaders: true, removeHeaders: true, withoutBody: true }),
  selectors: Object.freeze(['domain', 'route', 'pathPrefix', 'methods', 'headers']),
  fleetShare: true,
  expiresAfter: true,
  loadReports: true,
  applied:
    'The agent beside NGINX reads the version back from it. Percents are exact with Lua, in steps of 0.01 where a ' +
    'reload is needed',
  config: "An nginx.conf or a part of one; it stays its owner's: the agent writes files that it includes",
});

/** What of the input shapes structure, and warnings. */
function structureKey({ mirrors }: CompileInput<NginxConfig>): string {
  return JSON.stringify(
    mirrors.map(({ mirror, target }) => [unshared(mirror, target), target.protocol, target.health]),
  );
}

/** A mirror of a named location copies nothing while no location includes its file. */
function notIncluded({ config, mirrors }: CompileInput<NginxConfig>): readonly Issue[] {
  const { includedRoutes } = config;
  if (includedRoutes === undefined) return [];
  return mirrors.flatMap(({ mirror, target }) =>
    routesOf([{ ...unshared(mirror, target), exclude: [] }])
      .filter((route) => !includedRoutes.has(route))
      .map((route) => ({
        path: `mirrors.${mirror.name}.routes`,
        message: `no location of the fleet's config includes ${routeFile(route)}; others that its nodes have may`,
      })),
  );
}

/** Two mirrors of a target say the same of it. */
function distinct(issues: readonly Issue[]): readonly Issue[] {
  return [...new Map(issues.map((issue) => [`${issue.path}\0${issue.message}`, issue])).values()];
}

/** All files, for an NGINX without Lua and without an agent. */
function renderFiles(compiled: Compiled): string {
  const [plan] = compiled.resources('reload')['plans'] as readonly [Plan];
  const options = {
    driver: driverOf('reload'),
    directory: DEFAULT_DIRECTORY,
    stateListen: DEFAULT_STATE_LISTEN,
  };
  const { files } = renderNginx(plan, options);
  return [...files].map(([name, text]) => `# ==> ${DEFAULT_DIRECTORY}/${name}\n${text}`).join('\n');
}
