import {
  type Registry,
  fromBinary,
  fromJson,
  toBinary,
  toJson,
  type DescMessage,
  type JsonValue,
} from '@bufbuild/protobuf';
import { AnySchema, anyPack } from '@bufbuild/protobuf/wkt';
import type { IssueList } from '../../../model/issue.ts';
import type { Json } from '../json.ts';
import { MessageChecker } from '../../schema/check.ts';
import { loadRegistry } from './registry.ts';
import { RuleOptions } from './rule-options.ts';

/** The complete Envoy API: what is valid, and how it is serialised. */
export interface EnvoySchema {
  /**
   * Checks proto JSON of a message in either spelling, and gives it back in Envoy's own (snake_case, names of enum
   * values). Every problem is reported with its path in the input's spelling; undefined if there was any.
   */
  check(typeName: string, json: unknown, issues: IssueList): Json | undefined;
  /** The same, but what could be read is given back in any case: for further looks, and not to be used. */
  read(typeName: string, json: unknown, issues: IssueList): Json | undefined;
  /** Serialises proto JSON that passed {@link check}. Throws on any other. */
  encode(typeName: string, json: unknown): Uint8Array;
  /** Back to JSON in Envoy's spelling. */
  decode(typeName: string, bytes: Uint8Array): unknown;
  /** A serialised `google.protobuf.Any` as JSON with `@type`. */
  decodeAny(bytes: Uint8Array): unknown;
  /** JSON of a message as a serialised `google.protobuf.Any`. */
  encodeAny(typeName: string, json: unknown): Uint8Array;
}

export function loadSchema(): EnvoySchema {
  return schemaOf(loadRegistry());
}

function schemaOf(registry: Registry): EnvoySchema {
  const checker = new MessageChecker(registry, {
    api: 'the API of Envoy 1.40',
    names: 'proto',
    rules: new RuleOptions(registry),
  });
  const message = (typeName: string): DescMessage => {
    const desc = registry.getMessage(typeName);
    if (desc === undefined) throw new TypeError(`no message ${typeName} in the schema`);
    return desc;
  };
  const parse = (typeName: string, json: unknown) =>
    fromJson(message(typeName), json as JsonValue, { registry });
  const print = (desc: DescMessage, bytes: Uint8Array): unknown =>
    toJson(desc, fromBinary(desc, bytes), { registry, useProtoFieldName: true });
  return {
    check(typeName, json, issues) {
      const before = issues.items.length;
      const checked = checker.check(message(typeName), json, issues);
      return issues.items.length > before ? undefined : (checked as Json);
    },
    read: (typeName, json, issues) => checker.check(message(typeName), json, issues) as Json | undefined,
    encode: (typeName, json) => toBinary(message(typeName), parse(typeName, json)),
    encodeAny: (typeName, json) => toBinary(AnySchema, anyPack(message(typeName), parse(typeName, json))),
    decode: (typeName, bytes) => print(message(typeName), bytes),
    decodeAny: (bytes) => print(AnySchema, bytes),
  };
}
