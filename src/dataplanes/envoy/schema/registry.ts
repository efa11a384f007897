import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type FileRegistry, createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

const DESCRIPTORS = new URL('../../../../protos/envoy-v1.40.0.binpb.gz', import.meta.url);

/** Every message of the Envoy API and its extensions, by name. Takes some 200 ms. */
export function loadRegistry(): FileRegistry {
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, gunzipSync(readFileSync(DESCRIPTORS))));
}
