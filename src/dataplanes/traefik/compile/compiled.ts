import type { Issue } from '../../../model/issue.ts';
import { type Ppm, formatPercent } from '../../../model/percent.ts';
import type { Target } from '../../../model/target.ts';
import { contentHash, makeResource, makeSnapshot, makeTypeSnapshot } from '../../../snapshot/build.ts';
import type { Snapshot } from '../../../snapshot/snapshot.ts';
import type { Compiled, Primaries } from '../../data-plane.ts';
import { type Json, fieldsOf, inOrder } from '../json.ts';
import { RESOURCE, TYPE_URL } from '../names.ts';
import { mirroredDocument, served } from './document.ts';
import { STEP, rounded } from './percent.ts';
import type { PlannedMirror } from './plan.ts';

/** What of one fleet at one revision percents leave alone. */
export interface Structure {
  readonly owned: Json;
  readonly plan: readonly PlannedMirror[];
  readonly hash: string;
  readonly destinations: ReadonlyMap<string, string>;
  readonly warnings: readonly Issue[];
}

export function makeStructure(
  owned: Json,
  plan: readonly PlannedMirror[],
  warnings: readonly Issue[],
): Structure {
  // As if every mirror copied: its hash is that of all that can come by percents.
  const all = mirroredDocument(owned, plan, new Map(plan.map(({ mirror }) => [mirror.name, STEP])));
  return {
    ...{ owned, plan, warnings },
    hash: contentHash(JSON.stringify(all)),
    destinations: new Map(plan.map(({ mirror, target }) => [mirror.name, destination(target)])),
  };
}

function destination({ endpoints, protocol, tls = {} }: Target): string {
  return contentHash(JSON.stringify(inOrder([endpoints, protocol, tls])));
}

/** Traefik does not say what it copies. */
const UNKNOWN: Primaries = Object.freeze({ clusters: new Set<string>(), exact: false });
const KINDS = ['routers', 'services', 'middlewares', 'serversTransports'];

/** One fleet at one revision. */
export class TraefikCompiled implements Compiled {
  readonly #structure: Structure;
  readonly #percents: ReadonlyMap<string, Ppm>;
  readonly #asked: ReadonlyMap<string, Ppm>;
  #document: ReturnType<typeof served> | undefined;
  #snapshot: Snapshot | undefined;

  constructor(structure: Structure, percents: ReadonlyMap<string, Ppm>) {
    this.#structure = structure;
    this.#asked = new Map(structure.plan.map(({ mirror }) => [mirror.name, percents.get(mirror.name) ?? 0]));
    this.#percents = new Map([...this.#asked].map(([mirror, percent]) => [mirror, rounded(percent)]));
  }

  get structure(): string {
    return this.#structure.hash;
  }

  get destinations(): ReadonlyMap<string, string> {
    return this.#structure.destinations;
  }

  get warnings(): readonly Issue[] {
    const roundings = [...this.#asked].flatMap(([mirror, asked]): readonly Issue[] => {
      const percent = this.#percents.get(mirror) ?? 0;
      if (percent === asked) return [];
      const message =
        `${formatPercent(asked)} % is ${formatPercent(percent)} % in Traefik, which takes whole percents; ` +
        'it counts requests and copies every so many, and draws nothing by chance';
      return [{ path: `mirrors.${mirror}.percent`, message }];
    });
    return [...this.#structure.warnings, ...roundings];
  }

  withPercents(percents: ReadonlyMap<string, Ppm>): TraefikCompiled {
    return new TraefikCompiled(this.#structure, percents);
  }

  primaries(mirror: string): Primaries | undefined {
    return this.#asked.has(mirror) ? UNKNOWN : undefined;
  }

  /** What is served. */
  get document(): ReturnType<typeof served> {
    const { owned, plan } = this.#structure;
    return (this.#document ??= served(mirroredDocument(owned, plan, this.#percents)));
  }

  snapshot(): Snapshot {
    return (this.#snapshot ??= makeSnapshot([
      makeTypeSnapshot(TYPE_URL, [makeResource(RESOURCE, Buffer.from(this.document.text))], {
        labels: this.#inForce(),
        order: 'root',
      }),
    ]));
  }

  /** A mirror that no router leads to copies nothing, whatever its percent. */
  #inForce(): ReadonlyMap<string, Ppm> {
    const idle = new Set(
      this.#structure.plan.filter(({ routers }) => routers.length === 0).map(({ mirror }) => mirror.name),
    );
    return new Map([...this.#percents].map(([mirror, percent]) => [mirror, idle.has(mirror) ? 0 : percent]));
  }

  resources(): Readonly<Record<string, readonly unknown[]>> {
    const http = fieldsOf(this.document.json['http']);
    return Object.fromEntries(
      KINDS.map((kind) => [
        kind,
        Object.entries(fieldsOf(http[kind])).map(([name, item]) => ({ name, ...fieldsOf(item) })),
      ]),
    );
  }
}
