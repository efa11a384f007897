import protobuf from 'protobufjs';
import { contentHash } from '../snapshot/build.ts';
import type { Resource, TypeSnapshot } from '../snapshot/snapshot.ts';
import type { Diff } from './diff.ts';
import { type Subscription, covers } from './subscription.ts';

/** A response, serialised with its nonce, to be written to any number of streams. */
export interface Response {
  readonly nonce: string;
  readonly bytes: Buffer;
}

let counter = 0;

/** Unique in this process; a nonce has meaning on its own stream only. */
function nextNonce(): string {
  counter += 1;
  return counter.toString(36);
}

type Cache = WeakMap<object, Map<string, Response>>;
const sotw: Cache = new WeakMap();
const delta: Cache = new WeakMap();

/**
 * The response for all streams with this subscription. Made once; made again for a stream that would see the same
 * nonce twice running.
 */
function shared(
  cache: Cache,
  of: object,
  key: string,
  lastNonce: string,
  make: (nonce: string) => Buffer,
): Response {
  const known = cache.get(of) ?? new Map<string, Response>();
  cache.set(of, known);
  const found = known.get(key);
  if (found !== undefined && found.nonce !== lastNonce) return found;
  const nonce = nextNonce();
  const made = { nonce, bytes: make(nonce) };
  known.set(key, made);
  return made;
}

/** All that `subscription` covers of `type`, as a `DiscoveryResponse`. */
export function sotwResponse(type: TypeSnapshot, subscription: Subscription, lastNonce: string): Response {
  return shared(sotw, type, subscription.key, lastNonce, (nonce) => {
    const resources = [...type.resources.values()].filter(({ name }) => covers(subscription, name));
    // Other names, other content: then the version must be another as well.
    const version =
      resources.length === type.resources.size
        ? type.version
        : contentHash(...resources.flatMap(({ name, version }) => [name, '\0', version, '\0']));
    const writer = protobuf.Writer.create();
    writer.uint32(field(1)).string(version);
    for (const { body } of resources) writer.uint32(field(2)).bytes(body);
    return finish(writer.uint32(field(4)).string(type.typeUrl).uint32(field(5)).string(nonce));
  });
}

/**
 * What a response of a diff says of removals. `hold`: nothing yet. `tell`: what the diff removes. `first`: names asked
 * for that do not exist.
 */
export type Removals = 'hold' | 'tell' | 'first';

/** What `subscription` covers of `diff`, as a `DeltaDiscoveryResponse`. */
export function deltaDiffResponse(
  type: TypeSnapshot,
  diff: Diff,
  subscription: Subscription,
  removals: Removals,
  lastNonce: string,
): Response {
  return shared(delta, diff, `${removals}\n${subscription.key}`, lastNonce, (nonce) => {
    const changed = diff.changed.filter(({ name }) => covers(subscription, name));
    return encodeDelta(type, changed, removedNames(type, diff, subscription, removals), nonce);
  });
}

function removedNames(
  type: TypeSnapshot,
  diff: Diff,
  subscription: Subscription,
  removals: Removals,
): readonly string[] {
  if (removals === 'hold') return [];
  if (removals === 'tell') return diff.removed.filter((name) => covers(subscription, name));
  return [...subscription.names].filter((name) => !type.resources.has(name));
}

/** A `DeltaDiscoveryResponse` for one stream alone. */
export function deltaResponse(
  type: TypeSnapshot,
  resources: Iterable<Resource>,
  removed: Iterable<string>,
): Response {
  const nonce = nextNonce();
  return { nonce, bytes: encodeDelta(type, resources, removed, nonce) };
}

function encodeDelta(
  type: TypeSnapshot,
  resources: Iterable<Resource>,
  removed: Iterable<string>,
  nonce: string,
): Buffer {
  const writer = protobuf.Writer.create();
  writer.uint32(field(1)).string(type.version);
  for (const { name, version, body } of resources) {
    writer.uint32(field(2)).fork();
    writer
      .uint32(field(1))
      .string(version)
      .uint32(field(2))
      .bytes(body)
      .uint32(field(3))
      .string(name)
      .ldelim();
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
