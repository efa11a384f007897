import {
  type DescExtension,
  type DescField,
  type DescMessage,
  type DescOneof,
  type Message,
  type Registry,
  getOption,
  hasOption,
  toJson,
} from '@bufbuild/protobuf';
import type { Rule, SchemaRules } from '../../schema/check.ts';
import { compileRules } from './rules.ts';

/** Rules of a field as the JSON of `validate.FieldRules`: `{string: {minLen: "1"}}`. */
export type Rules = Readonly<Record<string, unknown>>;

/**
 * Reads the annotations of the schema: protoc-gen-validate's rules, and Envoy's own.
 * https://github.com/bufbuild/protoc-gen-validate
 */
export class RuleOptions implements SchemaRules {
  readonly #registry: Registry;
  readonly #rules: DescExtension;
  readonly #required: DescExtension;
  readonly #disabled: DescExtension;
  readonly #ignored: DescExtension;
  readonly #disallowed: DescExtension;
  readonly #fieldRules: DescMessage;

  constructor(registry: Registry) {
    const extension = (name: string): DescExtension => found(registry.getExtension(name), name);
    this.#registry = registry;
    this.#rules = extension('validate.rules');
    this.#required = extension('validate.required');
    this.#disabled = extension('validate.disabled');
    this.#ignored = extension('validate.ignored');
    this.#disallowed = extension('envoy.annotations.disallowed_by_default');
    this.#fieldRules = found(registry.getMessage('validate.FieldRules'), 'validate.FieldRules');
  }

  ofField(field: DescField): Rule | undefined {
    if (this.#isFree(field.parent) || !hasOption(field, this.#rules)) return undefined;
    const value = getOption(field, this.#rules) as Message;
    const rules = toJson(this.#fieldRules, value as never, { registry: this.#registry });
    return compileRules(field, rules as Rules);
  }

  isRequired(oneof: DescOneof): boolean {
    return !this.#isFree(oneof.parent) && getOption(oneof, this.#required) === true;
  }

  /** Envoy refuses some fields unless it is told to accept deprecated ones. */
  refusal(field: DescField): string | undefined {
    return getOption(field, this.#disallowed) === true
      ? 'is deprecated, and Envoy refuses it; see its documentation for what replaced it'
      : undefined;
  }

  #isFree(message: DescMessage): boolean {
    return getOption(message, this.#disabled) === true || getOption(message, this.#ignored) === true;
  }
}

function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new TypeError(`no ${name} in the schema`);
  return value;
}
