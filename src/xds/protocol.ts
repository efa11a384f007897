import { readFileSync } from 'node:fs';
import { type ServiceDefinition, type MethodDefinition } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor/index.js';

const DESCRIPTORS = new URL('../../protos/transport-v1.40.0.binpb', import.meta.url);
const bytes = readFileSync(DESCRIPTORS);
const services = loadFileDescriptorSetFromBuffer(bytes);

type Handler = MethodDefinition<unknown, Buffer>;

/**
 * A service of the transport schema, with requests decoded by `decode` and responses written as they are: these were
 * serialised once for all streams.
 */
export function serviceDefinition<T>(name: string, decode: (bytes: Buffer) => T): ServiceDefinition {
  const found = services[name];
  if (found === undefined) throw new TypeError(`no service ${name} in the transport schema`);
  const methods = Object.entries(found as unknown as Record<string, Handler>).filter(
    ([, method]) => method.requestStream,
  );
  return Object.fromEntries(
    methods.map(([key, method]) => [
      key,
      {
        ...method,
        requestDeserialize: decode,
        responseSerialize: (response: Buffer) => response,
      },
    ]),
  );
}

const root = (protobuf.Root as unknown as { fromDescriptor(set: Uint8Array): protobuf.Root }).fromDescriptor(
  bytes,
);
void descriptor;

/**
 * A message type for decoding and encoding. `raw`: fields kept as bytes: a node is some 60 KB, comes with every load
 * report and with every request of some clients, and is read once.
 */
export function messageType(
  name: string,
  options: { raw?: readonly string[]; ignore?: readonly string[] } = {},
): protobuf.Type {
  const type = root.lookupType(name);
  for (const field of options.raw ?? []) {
    const found = type.fields[field];
    if (found === undefined) throw new TypeError(`no field ${field} in ${name}`);
    found.type = 'bytes';
  }
  for (const field of options.ignore ?? []) {
    const found = type.fields[field];
    if (found === undefined) throw new TypeError(`no field ${field} in ${name}`);
    type.remove(found);
  }
  return type;
}
