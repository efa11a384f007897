import type { Mirror } from '../../model/mirror.ts';
import type { Ppm } from '../../model/percent.ts';
import { type Result, ok } from '../../model/issue.ts';
import type { TypeSnapshot } from '../../snapshot/snapshot.ts';
import type { Capabilities, CompileInput, DataPlane } from '../data-plane.ts';
import { IstioCompiled } from './compile/compiled.ts';
import { Encoder } from './compile/encode.ts';
import { Pieces, VIRTUAL_SERVICES } from './compile/pieces.ts';
import { buildStructure } from './compile/structure.ts';
import { type IstioConfig, readIstioConfig } from './config/read.ts';
import { createReadBack } from './read-back.ts';
import { renderGatewayApi, renderIstio } from './render/render.ts';
import type { IstioSchema } from './schema.ts';

export { loadIstioSchema } from './schema.ts';

/** The Istio data plane: its nodes are istiods, which lead the gateways and sidecars. Pure but for what it remembers. */
export function createIstioDataPlane(schema: IstioSchema): DataPlane<IstioConfig> {
  const encoder = new Encoder(schema);
  const pieces = new WeakMap<IstioConfig, { readonly key: string; readonly pieces: Pieces }>();

  function piecesFor(input: CompileInput<IstioConfig>): Result<Pieces> {
    const key = structureKey(input);
    const known = pieces.get(input.config);
    if (known?.key === key) return ok(known.pieces);
    const structure = buildStructure(input);
    if (!structure.ok) return structure;
    const made = new Pieces(structure.value, encoder, schema.collections);
    pieces.set(input.config, { key, pieces: made });
    return ok(made);
  }

  return {
    kind: 'istio',
    capabilities: CAPABILITIES,
    looksLike: (text) => /\bapiVersion["']?\s*:\s*["']?[a-z]+\.istio\.io\//.test(text),
    readConfig: (text, format, options) => readIstioConfig(schema, text, format, options),
    compile(input) {
      const made = piecesFor(input);
      if (!made.ok) return made;
      const percents = new Map(input.mirrors.map(({ mirror }) => [mirror.name, mirror.percent]));
      const compiled = new IstioCompiled(made.value, percents);
      return ok(compiled, compiled.warnings);
    },
    variantFor: () => 'istiod',
    effectivePercent,
    mirrorOfCluster: () => undefined,
    limitations: (_variant, _node, mirrors) => limitations(mirrors),
    clusterOf,
    readBack: createReadBack(schema),
    renderings: { istio: renderIstio, 'gateway-api': renderGatewayApi },
  };
}

const CAPABILITIES: Capabilities = Object.freeze({
  percentStep: 1,
  sampling: 'random',
  copy: Object.freeze({ setHeaders: false, removeHeaders: false, withoutBody: false }),
  selectors: Object.freeze(['virtualHost', 'domain', 'route']),
  fleetShare: false,
  expiresAfter: false,
  loadReports: false,
  applied:
    "istiod's debug API (readBack, port 15014) shows what it works with; gateways have it some 100 ms later",
  config: 'Istio resources as kubectl takes them: YAML documents, or a list; HTTPRoutes are rendered only',
});

function effectivePercent(mirror: string, acked: ReadonlyMap<string, TypeSnapshot>): Ppm | undefined {
  return acked.get(VIRTUAL_SERVICES)?.labels.get(mirror);
}

/** `sidecar~IP~POD.NAMESPACE~NAMESPACE.svc.cluster.local` is how istiod calls itself as a client. */
const NODE_ID = /^sidecar~[^~]*~[^~]+~([^.~]+)\.svc\./;

function clusterOf(nodeId: string): string | undefined {
  return NODE_ID.exec(nodeId)?.[1];
}

/** Istio makes copies, and changes nothing of them. */
function limitations(mirrors: readonly Mirror[]): readonly string[] {
  return mirrors.some(({ copy }) => copy.preset === 'wallarm')
    ? [
        'copies have the headers that the gateway gives the request: X-Forwarded-For and X-Request-Id, none of preset wallarm besides',
      ]
    : [];
}

/** What of the input shapes structure. Percents leave it alone. */
function structureKey({ fleet, mirrors }: CompileInput<IstioConfig>): string {
  return JSON.stringify([
    fleet.nodeCluster,
    mirrors.map(({ mirror: { name, routes, exclude }, target }) => [name, routes, exclude, target]),
  ]);
}
