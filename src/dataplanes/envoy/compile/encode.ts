import type { Resource, ResourceRef } from '../../../snapshot/snapshot.ts';
import { makeResource } from '../../../snapshot/build.ts';
import { type Json, objects, string } from '../json.ts';
import type { EnvoySchema } from '../schema/index.ts';
import { RESOURCES, type ResourceList, nameField, typeUrl } from '../types.ts';

const VIRTUAL_HOST = 'envoy.config.route.v3.VirtualHost';
/** https://github.com/envoyproxy/envoy/blob/v1.40.0/api/envoy/config/route/v3/route.proto */
const VIRTUAL_HOSTS_FIELD = 2;
const LENGTH_DELIMITED = 2;

export interface ResourceOptions {
  readonly resend?: ResourceRef | undefined;
  /** Milliseconds. */
  readonly ttlMs?: number | undefined;
}

/** Serialises resources, each object once: JSON that is shared between two compilations is not encoded again. */
export class Encoder {
  readonly #schema: EnvoySchema;
  readonly #resources = new WeakMap<Json, Resource>();
  readonly #hosts = new WeakMap<Json, Uint8Array>();

  constructor(schema: EnvoySchema) {
    this.#schema = schema;
  }

  resource(list: ResourceList, json: Json, options: ResourceOptions = {}): Resource {
    const known = this.#resources.get(json);
    if (known !== undefined) return known;
    const message = list === 'routes' ? this.#routes(json) : this.#schema.encode(RESOURCES[list], json);
    const any = this.#any(typeUrl(list), message);
    const made = makeResource(string(json[nameField(list)]) ?? '', any, options.resend, options.ttlMs);
    this.#resources.set(json, made);
    return made;
  }

  /**
   * A percent change in the route form touches one list of policies beside thousands of routes. A serialised message
   * is its fields one after another, so virtual hosts that did not change are put in as they were serialised before.
   * https://protobuf.dev/programming-guides/encoding/#structure
   */
  #routes(json: Json): Uint8Array {
    const { virtual_hosts: _, ...head } = json;
    const parts = [this.#schema.encode(RESOURCES.routes, head)];
    for (const host of objects(json['virtual_hosts'])) {
      const bytes = this.#hosts.get(host) ?? this.#schema.encode(VIRTUAL_HOST, host);
      this.#hosts.set(host, bytes);
      parts.push(lengthPrefix(VIRTUAL_HOSTS_FIELD, bytes.length), bytes);
    }
    return Buffer.concat(parts);
  }

  /** `google.protobuf.Any`: type_url = 1, value = 2. */
  #any(url: string, message: Uint8Array): Uint8Array {
    const name = Buffer.from(url);
    return Buffer.concat([lengthPrefix(1, name.length), name, lengthPrefix(2, message.length), message]);
  }
}

function lengthPrefix(field: number, length: number): Uint8Array {
  const bytes = [(field << 3) | LENGTH_DELIMITED];
  let rest = length;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
