import {
  defineMappingTag,
  defineScalarTag,
  defineSequenceTag,
  mapTag,
  Schema,
  seqTag,
  strTag,
} from 'js-yaml';

/**
 * YAML as Envoy reads it: by version 1.1 for booleans and whole numbers, and whatever else is plain is a string, which
 * proto JSON takes for a number where the field is one. `version: 1.0` in metadata is "1.0" to Envoy, and `mode: 0600`
 * is octal. Keys are their text. Seen in Envoy 1.40.
 * https://github.com/envoyproxy/envoy/blob/v1.40.0/source/common/protobuf/yaml_utility.cc
 */
class Word {
  readonly source: string;
  readonly value: boolean | number | null;

  constructor(source: string, value: boolean | number | null) {
    this.source = source;
    this.value = value;
  }
}

/** A key that Envoy drops: people keep what they refer to by an alias under it. */
const IGNORED = Symbol('!ignore');

const WORDS = new Map<string, boolean | null>([
  ...forms(['y', 'yes', 'on', 'true'], true),
  ...forms(['n', 'no', 'off', 'false'], false),
  ...forms(['~', 'null', ''], null),
]);

function forms<T>(words: readonly string[], value: T): readonly (readonly [string, T])[] {
  return words
    .flatMap((word) => [word, word.toUpperCase(), word.slice(0, 1).toUpperCase() + word.slice(1)])
    .map((form) => [form, value] as const);
}

const INTEGER = /^([+-]?)(?:0x([0-9a-f]+)|0([0-7]*)|([1-9]\d*))$/i;

/** A plain scalar that is no string, or its text. Integers beyond what a double holds stay text. */
function readPlain(source: string): Word | string {
  const word = WORDS.get(source);
  if (word !== undefined) return new Word(source, word);
  const match = INTEGER.exec(source);
  if (match === null) return source;
  const [, sign, hex, octal, decimal] = match;
  const size = hex !== undefined ? Number(`0x${hex}`) : Number(decimal ?? `0o${octal === '' ? '0' : octal}`);
  if (!Number.isSafeInteger(size)) return source;
  return new Word(source, sign === '-' && size !== 0 ? -size : size);
}

/** What was read, for where it stands. Of a whole document, too: it may be one word. */
export function settle(value: unknown): unknown {
  return value instanceof Word ? value.value : value;
}

const keyText = (key: unknown): unknown => (key instanceof Word ? key.source : key);

export const ENVOY_YAML = new Schema([
  strTag,
  defineScalarTag('plain', { implicit: true, resolve: readPlain, identify: () => false }),
  defineScalarTag('!ignore', { resolve: () => IGNORED, identify: () => false }),
  ...['bool', 'int', 'float', 'null'].map((name) =>
    defineScalarTag(`tag:yaml.org,2002:${name}`, { resolve: readPlain, identify: () => false }),
  ),
  defineSequenceTag<unknown[]>(seqTag.tagName, {
    create: () => [],
    addItem: (list, item) => {
      if (item === IGNORED) return ONLY_KEYS;
      list.push(settle(item));
      return '';
    },
    identify: Array.isArray,
  }),
  defineMappingTag<Record<string, unknown>>(mapTag.tagName, {
    create: () => ({}),
    addPair: (map, key, value) => {
      if (value === IGNORED) return ONLY_KEYS;
      return key === IGNORED ? '' : mapTag.addPair(map, keyText(key), settle(value));
    },
    has: (map, key) => key !== IGNORED && mapTag.has(map, keyText(key)),
    keys: (map) => Object.keys(map),
    get: (map, key) => mapTag.get(map, keyText(key)),
    identify: () => false,
  }),
]);

const ONLY_KEYS = '!ignore may stand before a key only';
