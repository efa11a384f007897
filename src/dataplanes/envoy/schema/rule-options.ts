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

/** Rules of a field as the JSON of `validate.FieldRules`: `{string: {minLen: "1"}}`. */
export type Rules = Readonly<Record<string, unknown>>;

/**
 * Reads the annotations of the schema: protoc-gen-validate's rules, and Envoy's own.
 * https://github.com/bufbuild/protoc-gen-validate
 */
export class RuleOptions {
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

  ofField(field: DescField): Rules | undefined {
    if (!hasOption(field, this.#rules)) return undefined;
    const value = getOption(field, this.#rules) as Message;
    return toJson(this.#fieldRules, value as never, { registry: this.#registry }) as Rules;
  }

  isRequired(oneof: DescOneof): boolean {
    return getOption(oneof, this.#required) === true;
  }

  isDisabled(message: DescMessage): boolean {
    return getOption(message, this.#disabled) === true || getOption(message, this.#ignored) === true;
  }

  /** Whether Envoy refuses the field unless told to accept deprecated ones. */
  isDisallowed(field: DescField): boolean {
    return getOption(field, this.#disallowed) === true;
  }
}

function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new TypeError(`no ${name} in the schema`);
  return value;
}
