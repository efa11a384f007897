import { createHash } from 'node:crypto';
import type { PushOrder, Resource, ResourceRef, Snapshot, TypeSnapshot } from './snapshot.ts';

const VERSION_LENGTH = 16;

export function contentHash(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, VERSION_LENGTH);
}

/** `any` is a serialised `google.protobuf.Any`. Another time to live is another version: else it would not be sent. */
export function makeResource(name: string, any: Uint8Array, resend?: ResourceRef, ttlMs?: number): Resource {
  const body = Buffer.from(any.buffer, any.byteOffset, any.byteLength);
  if (ttlMs === undefined)
    return Object.freeze({ name, version: contentHash(body), body, ...(resend && { resend }) });
  return Object.freeze({
    name,
    version: contentHash(body, `ttl ${ttlMs}`),
    body,
    ...(resend && { resend }),
    ttlMs,
  });
}

export function makeTypeSnapshot(
  typeUrl: string,
  resources: Iterable<Resource>,
  options: { labels?: ReadonlyMap<string, number>; order?: PushOrder; required?: boolean } = {},
): TypeSnapshot {
  const byName = new Map<string, Resource>();
  for (const resource of [...resources].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    byName.set(resource.name, resource);
  }
  const parts: string[] = [];
  for (const { name, version } of byName.values()) parts.push(name, '\0', version, '\0');
  return Object.freeze({
    typeUrl,
    version: contentHash(...parts),
    resources: byName,
    labels: options.labels ?? new Map<string, number>(),
    order: options.order ?? 'named',
    ...(options.required === true && { required: true }),
  });
}

export function makeSnapshot(types: Iterable<TypeSnapshot>): Snapshot {
  const byUrl = new Map<string, TypeSnapshot>();
  for (const type of types) byUrl.set(type.typeUrl, type);
  return Object.freeze({ types: byUrl });
}
