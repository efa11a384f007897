import { contentHash, makeResource } from '../../../snapshot/build.ts';
import type { Resource as Serialised } from '../../../snapshot/snapshot.ts';
import type { IstioSchema } from '../schema.ts';
import { type Resource, keyOf } from '../types.ts';
import { withWholeHosts } from './whole-hosts.ts';

export const MCP_RESOURCE = 'istio.mcp.v1alpha1.Resource';

/** Serialises resources, each object once: what is shared between two compilations is not encoded again. */
export class Encoder {
  readonly #schema: IstioSchema;
  readonly #known = new WeakMap<Resource, Serialised>();

  constructor(schema: IstioSchema) {
    this.#schema = schema;
  }

  /** `message`: of the spec. */
  resource(resource: Resource, message: string): Serialised {
    const known = this.#known.get(resource);
    if (known !== undefined) return known;
    const { labels, annotations, creationTimestamp } = resource.metadata;
    const spec = withWholeHosts(resource);
    const about = { ...(labels && { labels }), ...(annotations && { annotations }) };
    const envelope = {
      metadata: {
        name: keyOf(resource),
        ...(creationTimestamp !== undefined && { createTime: creationTimestamp }),
        // istiod takes only what has another version than before.
        version: contentHash(JSON.stringify([spec, about])),
        ...about,
      },
      body: { '@type': `type.googleapis.com/${message}`, ...spec },
    };
    const made = makeResource(keyOf(resource), this.#schema.encodeAny(MCP_RESOURCE, envelope));
    this.#known.set(resource, made);
    return made;
  }
}
