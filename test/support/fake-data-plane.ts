import type {
  Capabilities,
  Compiled,
  CompileInput,
  DataPlane,
  NativeConfig,
  Polled,
  ReadBack,
  Surroundings,
} from '../../src/dataplanes/data-plane.ts';
import { fail, ok } from '../../src/model/issue.ts';
import type { Issue, Result } from '../../src/model/issue.ts';
import { DEFAULT_COPY } from '../../src/model/mirror.ts';
import { DEFAULT_LIMITS, type Endpoint } from '../../src/model/target.ts';
import type { Ppm } from '../../src/model/percent.ts';
import type { TypeSnapshot } from '../../src/snapshot/snapshot.ts';
import { contentHash, makeResource, makeSnapshot, makeTypeSnapshot } from '../../src/snapshot/build.ts';

/** The text of a config: JSON. `policies` are the mirror policies that can be adopted from it. */
export interface FakeConfigText {
  readonly listeners?: number;
  readonly routes?: readonly string[];
  readonly policies?: readonly FakePolicy[];
  /** What comes in where it listens is copied by every mirror. */
  readonly around?: Partial<Omit<Surroundings, 'listeners'>> & { readonly listeners?: readonly Endpoint[] };
}

export interface FakePolicy {
  readonly name: string;
  readonly target: string;
  readonly host: string;
  readonly ppm?: number;
  readonly route?: string;
}

export interface FakeNative extends NativeConfig {
  readonly text: FakeConfigText;
}

const ABLE: Capabilities = {
  percentStep: 1,
  sampling: 'random',
  copy: { setHeaders: true, removeHeaders: true, withoutBody: false },
  selectors: ['routeConfig', 'virtualHost', 'domain', 'route', 'match', 'pathPrefix', 'methods', 'headers'],
  fleetShare: true,
  expiresAfter: true,
  loadReports: true,
  applied: 'it says so',
  config: 'JSON',
};

export const MIRROR_TYPE = 'test/mirror';

/**
 * A data plane that pushes a resource per mirror. It refuses text that is not JSON, unknown keys, and mirrors of
 * routes that the config does not have; and remembers what it was asked to compile.
 */
export class FakeDataPlane implements DataPlane<FakeNative> {
  readonly kind: string;
  readonly capabilities: Capabilities;
  readonly renderings = {};
  readBack?: ReadBack;
  limitOf?: NonNullable<DataPlane['limitOf']>;
  polled?: Polled;
  readonly compiled: CompileInput<FakeNative>[] = [];
  reads = 0;

  constructor(kind = 'envoy', able: Partial<Capabilities> = {}) {
    this.kind = kind;
    this.capabilities = { ...ABLE, ...able };
  }

  readConfig(
    text: string,
    _format: 'yaml' | 'json',
    { fleet, adopt }: { fleet: string; adopt: boolean },
  ): Result<FakeNative> {
    this.reads++;
    let parsed: FakeConfigText;
    try {
      parsed = JSON.parse(text) as FakeConfigText;
    } catch {
      return fail([{ path: '', message: 'is not JSON' }]);
    }
    const unknown = Object.keys(parsed).filter(
      (key) => !['listeners', 'routes', 'policies', 'around'].includes(key),
    );
    if (unknown.length > 0) return fail(unknown.map((path) => ({ path, message: 'is not known' })));
    const policies = adopt ? (parsed.policies ?? []) : [];
    return ok({
      text: parsed,
      surroundings: {
        hosts: [],
        origins: [],
        ...parsed.around,
        listeners: (parsed.around?.listeners ?? []).map((at) => ({ ...at, copiedBy: () => true })),
      },
      counts: { listeners: parsed.listeners ?? 0, routes: parsed.routes?.length ?? 0 },
      adopted: {
        targets: policies.map(({ target, host }) => ({
          name: target,
          endpoints: [{ host, port: 8445 }],
          protocol: 'http1',
          limits: DEFAULT_LIMITS,
        })),
        mirrors: policies.map(({ name, target, ppm, route }) => ({
          name,
          fleet,
          target,
          percent: ppm ?? 1_000_000,
          routes: route === undefined ? [] : [{ route }],
          exclude: [],
          copy: DEFAULT_COPY,
        })),
      },
    });
  }

  compile(input: CompileInput<FakeNative>): Result<Compiled> {
    this.compiled.push(input);
    const issues: Issue[] = [];
    for (const { mirror } of input.mirrors) {
      for (const [index, { route }] of mirror.routes.entries()) {
        if (route === undefined || input.config.text.routes?.includes(route) === true) continue;
        issues.push({
          path: `mirrors/${mirror.name}.routes[${index}].route`,
          message: `no route "${route}"`,
        });
      }
    }
    if (issues.length > 0) return fail(issues);
    return ok(fakeCompiled(input, new Map(input.mirrors.map(({ mirror }) => [mirror.name, mirror.percent]))));
  }

  limitations(): readonly string[] {
    return [];
  }

  variantFor(): string {
    return 'only';
  }

  effectivePercent(mirror: string, acked: ReadonlyMap<string, TypeSnapshot>): Ppm | undefined {
    return acked.get(MIRROR_TYPE)?.labels.get(mirror);
  }

  mirrorOfCluster(cluster: string): string | undefined {
    return cluster.startsWith('p-') ? undefined : cluster;
  }
}

/** Everything of a mirror but its percent is its structure. Each mirror has the primary cluster `p-NAME`. */
function fakeCompiled(input: CompileInput<FakeNative>, percents: ReadonlyMap<string, Ppm>): Compiled {
  const structural = input.mirrors.map(({ mirror, target }) => {
    const { percent: _, spread: __, suspension: ___, ...rest } = mirror;
    return { mirror: rest, target };
  });
  const resources = structural.map((one) =>
    makeResource(
      one.mirror.name,
      Buffer.from(JSON.stringify([one, percents.get(one.mirror.name) ?? 0, input.config.text])),
    ),
  );
  const labels = new Map(input.mirrors.map(({ mirror }) => [mirror.name, percents.get(mirror.name) ?? 0]));
  const snapshot = makeSnapshot([makeTypeSnapshot(MIRROR_TYPE, resources, { labels })]);
  const names = new Set(input.mirrors.map(({ mirror }) => mirror.name));
  return {
    warnings:
      input.mirrors.length === 0 ? [{ path: '', message: `fleet ${input.fleet.name} mirrors nothing` }] : [],
    structure: contentHash(JSON.stringify([structural, input.config.text])),
    destinations: new Map(
      input.mirrors.map(({ mirror, target }) => [mirror.name, JSON.stringify(target.endpoints)]),
    ),
    withPercents: (next) => fakeCompiled(input, next),
    primaries: (mirror) =>
      names.has(mirror) ? { clusters: new Set([`p-${mirror}`]), exact: true } : undefined,
    snapshot: () => snapshot,
    resources: () => ({ mirrors: input.mirrors.map(({ mirror }) => mirror) }),
  };
}
