import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import {
  type DescExtension,
  type DescField,
  type DescMessage,
  type FileRegistry,
  type JsonValue,
  createFileRegistry,
  fromBinary,
  fromJson,
  getOption,
  hasOption,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { AnySchema, FileDescriptorSetSchema, anyPack } from '@bufbuild/protobuf/wkt';
import type { IssueList } from '../../model/issue.ts';
import { MessageChecker, type Rule, type SchemaRules } from '../schema/check.ts';
import type { Json } from '../schema/json.ts';
import { readGoDuration } from './duration.ts';
import type { Collection } from './types.ts';

const PROTOS = new URL('../../../protos/', import.meta.url);

/** Istio's API: what is valid, how it is serialised, and what istiod asks for. */
export interface IstioSchema {
  readonly collections: readonly Collection[];
  /** Checks proto JSON in either spelling and gives back what could be read of it, in JSON's. */
  read(message: string, json: unknown, issues: IssueList): Json | undefined;
  /** JSON of a message as a serialised `google.protobuf.Any`. Throws on what does not pass {@link read}. */
  encodeAny(message: string, json: Json): Uint8Array;
  /** A serialised `google.protobuf.Any` as JSON with `@type`, in one form for one content. */
  decodeAny(bytes: Uint8Array): unknown;
  /** JSON of a message in that one form; fields that are not known are left out. Undefined: it is none. */
  canonical(message: string, json: unknown): unknown;
}

export function loadIstioSchema(): IstioSchema {
  const { collections } = JSON.parse(readFileSync(new URL('istio-manifest.json', PROTOS), 'utf8')) as {
    collections: readonly Collection[];
  };
  const set = gunzipSync(readFileSync(new URL('istio-v1.31.binpb.gz', PROTOS)));
  return schemaOf(createFileRegistry(fromBinary(FileDescriptorSetSchema, set)), collections);
}

function schemaOf(registry: FileRegistry, collections: readonly Collection[]): IstioSchema {
  const checker = new MessageChecker(registry, {
    api: "Istio's API",
    names: 'json',
    rules: new FieldBehavior(registry),
    readers: new Map([['google.protobuf.Duration', readGoDuration]]),
  });
  const message = (name: string): DescMessage => {
    const desc = registry.getMessage(name);
    if (desc === undefined) throw new TypeError(`no message ${name} in the schema`);
    return desc;
  };
  return {
    collections,
    read: (name, json, issues) => checker.check(message(name), json, issues) as Json | undefined,
    encodeAny: (name, json) =>
      toBinary(
        AnySchema,
        anyPack(message(name), fromJson(message(name), json as unknown as JsonValue, { registry })),
      ),
    decodeAny: (bytes) => toJson(AnySchema, fromBinary(AnySchema, bytes), { registry }),
    canonical(name, json) {
      const options = { registry, ignoreUnknownFields: true };
      try {
        return toJson(message(name), fromJson(message(name), json as JsonValue, options), { registry });
      } catch {
        return undefined;
      }
    },
  };
}

const REQUIRED = 2;

/** Kubernetes refuses what lacks a field that is marked so. https://google.aip.dev/203 */
class FieldBehavior implements SchemaRules {
  readonly #extension: DescExtension;

  constructor(registry: FileRegistry) {
    const extension = registry.getExtension('google.api.field_behavior');
    if (extension === undefined) throw new TypeError('no google.api.field_behavior in the schema');
    this.#extension = extension;
  }

  ofField(field: DescField): Rule | undefined {
    if (!hasOption(field, this.#extension)) return undefined;
    const behavior = getOption(field, this.#extension) as readonly number[];
    if (!behavior.includes(REQUIRED)) return undefined;
    return (value, issues) => void (value === undefined && issues.add('is required'));
  }

  isRequired(): boolean {
    return false;
  }

  refusal(): undefined {
    return undefined;
  }
}
