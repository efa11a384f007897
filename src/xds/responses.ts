import protobuf from 'protobufjs';
import { contentHash } from '../snapshot/build.ts';
import type { Resource, TypeSnapshot } from '../snapshot/snapshot.ts';
import { type Diff, isSendable } from './diff.ts';
import { type Subscription, covers } from './subscription.ts';

/** A response, serialised with its nonce, to be written to any number of streams. */
export interface Response {
  readonly nonce: string;
  readonly bytes: Buffer;
  /** It tells of no resource, neither changed nor removed. */
  readonly empty: boolean;
}

let counter = 0;

/** Unique in this process; a nonce has meaning on its own stream only. */
function nextNonce(): string {
  counter += 1;
  return counter.toString(36);
}

type Cache = WeakMap<object, WeakMap<Subscription, Response>>;
const sotw: Cache = new WeakMap();
const delta: Cache = new WeakMap();
const first: Cache = new WeakMap();
const heartbeats: Cache = new WeakMap();

/**
 * The response for all streams with this subscription. Made once; made again for a stream that would see the same
 * nonce twice running.
 */
function shared(
  cache: Cache,
  of: object,
  subscription: Subscription,
  lastNonce: string,
  make: (nonce: string) => Response,
): Response {
  let bySubscription = cache.get(of);
  if (bySubscription === undefined) cache.set(of, (bySubscription = new WeakMap<Subscription, Response>()));
  const found = bySubscription.get(subscription);
  if (found !== undefined && found.nonce !== lastNonce) return found;
  const made = make(nextNonce());
  bySubscription.set(subscription, made);
  return made;
}

/** All that `subscription` covers of `type`, as a `DiscoveryResponse`. */
export function sotwResponse(type: TypeSnapshot, subscription: Subscription, lastNonce: string): Response {
  return shared(sotw, type, subscription, lastNonce, (nonce) => {
    const resources = sotwResources(type, subscription);
    const writer = protobuf.Writer.create();
    writer.uint32(field(1)).string(versionOf(type, resources));
    for (const resource of resources) {
      writer.uint32(field(2));
      if (resource.ttlMs === undefined) writer.bytes(resource.body);
      else writeWrapped(writer, resource);
    }
    writer.uint32(field(4)).string(type.typeUrl).uint32(field(5)).string(nonce);
    return { nonce, bytes: finish(writer), empty: resources.length === 0 };
  });
}

/** The `version_info` of a state-of-the-world response. */
export function sotwVersion(type: TypeSnapshot, subscription: Subscription): string {
  return versionOf(type, sotwResources(type, subscription));
}

function sotwResources(type: TypeSnapshot, subscription: Subscription): readonly Resource[] {
  return [...type.resources.values()].filter(
    (resource) => isSendable(resource) && covers(subscription, resource.name),
  );
}

/** Other names, other content: then the version must be another as well. */
function versionOf(type: TypeSnapshot, resources: readonly Resource[]): string {
  return resources.length === type.resources.size
    ? type.version
    : contentHash(...resources.flatMap(({ name, version }) => [name, '\0', version, '\0']));
}

/**
 * State of the world has a place for a time to live only in this wrapper. Never without the body: Envoy 1.40 acknowledges
 * such a heartbeat and lets the resource end all the same.
 */
function writeWrapped(writer: protobuf.Writer, resource: Resource): void {
  writer.fork().uint32(field(1)).string(WRAPPER).uint32(field(2)).fork();
  writeResource(writer, resource);
  writer.ldelim().ldelim();
}

const WRAPPER = 'type.googleapis.com/envoy.service.discovery.v3.Resource';

/** https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/discovery/v3/discovery.proto#service-discovery-v3-resource */
function writeResource(writer: protobuf.Writer, { name, version, body, ttlMs }: Resource): void {
  writer.uint32(field(1)).string(version).uint32(field(2)).bytes(body).uint32(field(3)).string(name);
  if (ttlMs === undefined) return;
  writer.uint32(field(6)).fork();
  writer.uint32(8).int64(Math.floor(ttlMs / 1000));
  writer
    .uint32(16)
    .int32((ttlMs % 1000) * 1_000_000)
    .ldelim();
}

/**
 * What `subscription` covers of `diff`, as a `DeltaDiscoveryResponse`. `fresh`: the client has nothing, so that nothing
 * is removed; it is told which names it asked for do not exist.
 */
export function deltaDiffResponse(
  type: TypeSnapshot,
  diff: Diff,
  subscription: Subscription,
  fresh: boolean,
  lastNonce: string,
): Response {
  return shared(fresh ? first : delta, diff, subscription, lastNonce, (nonce) => {
    const changed = diff.changed.filter(({ name }) => covers(subscription, name));
    const removed = fresh
      ? [...subscription.names].filter((name) => !type.resources.has(name))
      : diff.removed.filter((name) => covers(subscription, name));
    const bytes = encodeDelta(type, changed, removed, nonce);
    return { nonce, bytes, empty: changed.length === 0 && removed.length === 0 };
  });
}

/**
 * What ends by itself of what `subscription` covers of `type`, as a `DeltaDiscoveryResponse`. In full: a resource without
 * its body is less, but Envoy refuses it when its own has ended just then, and other clients lose it without a word.
 */
export function deltaHeartbeat(type: TypeSnapshot, subscription: Subscription, lastNonce: string): Response {
  return shared(heartbeats, type, subscription, lastNonce, (nonce) => {
    const resources = [...type.resources.values()].filter(
      ({ name, ttlMs }) => ttlMs !== undefined && covers(subscription, name),
    );
    return { nonce, bytes: encodeDelta(type, resources, [], nonce), empty: resources.length === 0 };
  });
}

/** A `DeltaDiscoveryResponse` for one stream alone. */
export function deltaResponse(
  type: TypeSnapshot,
  resources: Iterable<Resource>,
  removed: Iterable<string>,
): Response {
  const nonce = nextNonce();
  return { nonce, bytes: encodeDelta(type, resources, removed, nonce), empty: false };
}

function encodeDelta(
  type: TypeSnapshot,
  resources: Iterable<Resource>,
  removed: Iterable<string>,
  nonce: string,
): Buffer {
  const writer = protobuf.Writer.create();
  writer.uint32(field(1)).string(type.version);
  for (const resource of resources) {
    writer.uint32(field(2)).fork();
    writeResource(writer, resource);
    writer.ldelim();
  }
  writer.uint32(field(4)).string(type.typeUrl).uint32(field(5)).string(nonce);
  for (const name of removed) writer.uint32(field(6)).string(name);
  return finish(writer);
}

/** Tag of a length-delimited field. */
function field(number: number): number {
  return (number << 3) | 2;
}

function finish(writer: protobuf.Writer): Buffer {
  const bytes = writer.finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
