import type { DescField, DescMessage, DescOneof, Registry } from '@bufbuild/protobuf';
import type { IssueList } from '../../model/issue.ts';
import { type Json, object } from './json.ts';
import { nearest } from './nearest.ts';
import type { Reader } from './reader.ts';
import { enumReader, scalarReader, zeroOf } from './scalars.ts';
import { wellKnownReader } from './well-known.ts';

/** What `google.protobuf` itself allows. */
const MAX_DEPTH = 100;

/** Checks a field's canonical value; undefined when it is absent. */
export type Rule = (value: unknown, issues: IssueList) => void;

/** What a schema demands beyond its types, in its own annotations. */
export interface SchemaRules {
  ofField(field: DescField): Rule | undefined;
  isRequired(oneof: DescOneof): boolean;
  /** Why the field must not be given at all. */
  refusal(field: DescField): string | undefined;
}

export interface Dialect {
  /** Whose API it is, in words: `the API of Envoy 1.40`. */
  readonly api: string;
  /** How fields are named in what is given back: as in the schema (snake_case), or as in JSON (camelCase). */
  readonly names: 'proto' | 'json';
  readonly rules?: SchemaRules;
  /** By message, for those that the API writes in a way of its own. */
  readonly readers?: ReadonlyMap<string, Reader>;
}

interface FieldChecker {
  readonly desc: DescField;
  readonly name: string;
  readonly read: Reader;
  readonly rule: Rule | undefined;
  readonly refusal: string | undefined;
}

interface Shape {
  readonly fields: ReadonlyMap<string, FieldChecker>;
  /** Fields whose rules say something of their absence. */
  readonly ruled: readonly FieldChecker[];
  readonly required: readonly DescOneof[];
}

/**
 * Walks proto JSON along the descriptors. The library's own reader stops at the first error; this finds them all, and
 * checks the rules of the schema in the same walk. https://protobuf.dev/programming-guides/json/
 */
export class MessageChecker {
  readonly #registry: Registry;
  readonly #dialect: Dialect;
  readonly #shapes = new Map<DescMessage, Shape>();

  constructor(registry: Registry, dialect: Dialect) {
    this.#registry = registry;
    this.#dialect = dialect;
  }

  check(desc: DescMessage, json: unknown, issues: IssueList, depth = 0): unknown {
    if (depth > MAX_DEPTH) return void issues.add(`nested more than ${MAX_DEPTH} deep`);
    const special = this.#special(desc);
    if (special !== undefined) return special(json, issues, depth);
    if (desc.typeName === 'google.protobuf.Any') return this.#any(json, issues, depth);
    const input = object(json);
    if (input === undefined) return void issues.add(`must be an object: ${desc.name}`);
    return this.#message(desc, input, issues, depth);
  }

  #message(desc: DescMessage, input: Json, issues: IssueList, depth: number, skip?: string): Json {
    const shape = this.#shape(desc);
    const output: Record<string, unknown> = {};
    const keys = new Map<FieldChecker, string>();
    const members = new Map<DescOneof, string>();
    for (const [key, value] of Object.entries(input)) {
      if (key === skip) continue;
      const field = shape.fields.get(key);
      const at = issues.at(key);
      if (field === undefined) {
        at.add(unknownField(key, desc, this.#namesOf(desc)));
        continue;
      }
      if (value === null && !takesNull(field.desc)) continue;
      const twin = keys.get(field);
      if (twin !== undefined) at.add(`is the same field as ${twin}; give it once`);
      keys.set(field, key);
      this.#oneof(field.desc, key, members, at);
      if (field.refusal !== undefined) at.add(field.refusal);
      const before = issues.items.length;
      const read = field.read(value, at, depth + 1);
      // What could be read of it is passed on: its names and references are looked at too.
      if (read !== undefined || issues.items.length === before) output[field.name] = read;
      if (issues.items.length === before) field.rule?.(read, at);
    }
    for (const field of shape.ruled) {
      if (!keys.has(field)) field.rule?.(undefined, issues.at(field.name));
    }
    for (const oneof of shape.required) {
      if (!members.has(oneof)) issues.add(`needs one of ${this.#namesOf(oneof).join(', ')}`);
    }
    return output;
  }

  #oneof(field: DescField, key: string, members: Map<DescOneof, string>, issues: IssueList): void {
    if (field.oneof === undefined) return;
    const other = members.get(field.oneof);
    if (other !== undefined && other !== key)
      issues.add(`cannot be given together with ${other}; choose one`);
    members.set(field.oneof, key);
  }

  #any(json: unknown, issues: IssueList, depth: number): Json | undefined {
    const input = object(json);
    if (input === undefined) return void issues.add('must be an object with "@type"');
    const { '@type': url } = input;
    if (typeof url !== 'string')
      return void issues.add('"@type" is missing: it names the message, as in type.googleapis.com/envoy...');
    const desc = this.#registry.getMessage(url.slice(url.lastIndexOf('/') + 1));
    if (desc === undefined || !url.includes('/')) {
      return void issues
        .at('@type')
        .add(
          `no message "${url}" in ${this.#dialect.api}; check its name and the type.googleapis.com/ before it`,
        );
    }
    if (depth > MAX_DEPTH) return void issues.add(`nested more than ${MAX_DEPTH} deep`);
    if (this.#special(desc) !== undefined || desc.typeName === 'google.protobuf.Any') {
      const { value } = input;
      return { '@type': url, value: this.check(desc, value, issues.at('value'), depth + 1) };
    }
    return { '@type': url, ...this.#message(desc, input, issues, depth, '@type') };
  }

  #shape(desc: DescMessage): Shape {
    const known = this.#shapes.get(desc);
    if (known !== undefined) return known;
    const { rules } = this.#dialect;
    const fields = new Map<string, FieldChecker>();
    const ruled: FieldChecker[] = [];
    for (const field of desc.fields) {
      const rule = rules?.ofField(field);
      const checker = {
        desc: field,
        name: this.#nameOf(field),
        read: this.#reader(field),
        rule,
        refusal: rules?.refusal(field),
      };
      fields.set(field.name, checker);
      fields.set(field.jsonName, checker);
      if (rule !== undefined) ruled.push(checker);
    }
    const required = desc.oneofs.filter((oneof) => rules?.isRequired(oneof) === true);
    const shape = { fields, ruled, required };
    this.#shapes.set(desc, shape);
    return shape;
  }

  #special(desc: DescMessage): Reader | undefined {
    return this.#dialect.readers?.get(desc.typeName) ?? wellKnownReader(desc);
  }

  #nameOf(field: DescField): string {
    return this.#dialect.names === 'json' ? field.jsonName : field.name;
  }

  #namesOf({ fields }: { readonly fields: readonly DescField[] }): readonly string[] {
    return fields.map((field) => this.#nameOf(field));
  }

  #reader(field: DescField): Reader {
    switch (field.fieldKind) {
      case 'scalar':
        return scalarReader(field.scalar);
      case 'enum':
        return enumReader(field.enum);
      case 'message':
        return this.#messageReader(field.message);
      case 'list':
        return listReader(this.#element(field.listKind, field));
      case 'map':
        return mapReader(scalarReader(field.mapKey, true), this.#element(field.mapKind, field));
    }
  }

  #element(
    kind: 'scalar' | 'enum' | 'message',
    field: Pick<DescField, 'scalar' | 'enum' | 'message'>,
  ): Reader {
    if (kind === 'scalar' && field.scalar !== undefined) return scalarReader(field.scalar);
    if (kind === 'enum' && field.enum !== undefined) return enumReader(field.enum);
    if (field.message !== undefined) return this.#messageReader(field.message);
    return zeroOf;
  }

  #messageReader(desc: DescMessage): Reader {
    return (json, issues, depth) => this.check(desc, json, issues, depth);
  }
}

function listReader(element: Reader): Reader {
  return (json, issues, depth) => {
    if (!Array.isArray(json)) return void issues.add('must be a list');
    return json.map((item: unknown, index) => element(item, issues.at(index), depth));
  };
}

function mapReader(key: Reader, value: Reader): Reader {
  return (json, issues, depth) => {
    const input = object(json);
    if (input === undefined) return void issues.add('must be an object');
    const entries = Object.entries(input).map(([name, item]) => {
      const at = issues.at(name);
      key(name, at, depth);
      return [name, value(item, at, depth)] as const;
    });
    return Object.fromEntries(entries);
  };
}

/** `null` is a value of its own only in free-form JSON. */
function takesNull(field: DescField): boolean {
  return field.fieldKind === 'message' && field.message.typeName === 'google.protobuf.Value';
}

function unknownField(key: string, { name }: DescMessage, fields: readonly string[]): string {
  const close = nearest(key, fields);
  return `unknown field of ${name}${close === undefined ? '' : `; did you mean "${close}"?`}`;
}
