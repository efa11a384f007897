import { type DescEnum, ScalarType } from '@bufbuild/protobuf';
import type { IssueList } from '../../model/issue.ts';
import type { Reader } from './reader.ts';
import { nearest } from './nearest.ts';

interface IntegerRange {
  readonly min: bigint;
  readonly max: bigint;
}

const SIGNED_32: IntegerRange = { min: -(2n ** 31n), max: 2n ** 31n - 1n };
const UNSIGNED_32: IntegerRange = { min: 0n, max: 2n ** 32n - 1n };
const SIGNED_64: IntegerRange = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const UNSIGNED_64: IntegerRange = { min: 0n, max: 2n ** 64n - 1n };

const INTEGERS = new Map<ScalarType, IntegerRange>([
  [ScalarType.INT32, SIGNED_32],
  [ScalarType.SINT32, SIGNED_32],
  [ScalarType.SFIXED32, SIGNED_32],
  [ScalarType.UINT32, UNSIGNED_32],
  [ScalarType.FIXED32, UNSIGNED_32],
  [ScalarType.INT64, SIGNED_64],
  [ScalarType.SINT64, SIGNED_64],
  [ScalarType.SFIXED64, SIGNED_64],
  [ScalarType.UINT64, UNSIGNED_64],
  [ScalarType.FIXED64, UNSIGNED_64],
]);

/** Reads a scalar; `asKey`: keys of maps are strings whatever they mean. */
export function scalarReader(type: ScalarType, asKey = false): Reader {
  const range = INTEGERS.get(type);
  if (range !== undefined) return (json, issues) => readInteger(json, range, issues);
  switch (type) {
    case ScalarType.STRING:
      return readString;
    case ScalarType.BOOL:
      return asKey ? readBooleanKey : readBoolean;
    case ScalarType.BYTES:
      return readBytes;
    default:
      return (json, issues) => readNumber(json, type === ScalarType.FLOAT, issues);
  }
}

export function enumReader(desc: DescEnum): Reader {
  const names = desc.values.map(({ name }) => name);
  const byUpper = new Map(names.map((name) => [name.toUpperCase(), name]));
  const byNumber = new Map(desc.values.map((value) => [value.number, value.name]));
  return (json, issues) => {
    if (typeof json === 'string') {
      // Envoy minds no case here; what is given back is the name as it should be.
      const name = names.includes(json) ? json : byUpper.get(json.toUpperCase());
      if (name !== undefined) return name;
    }
    if (typeof json === 'number' && (json | 0) === json) return byNumber.get(json) ?? json;
    const close = typeof json === 'string' ? nearest(json, names) : undefined;
    const hint = close === undefined ? '' : `; did you mean ${close}?`;
    return void issues.add(`must be one of ${names.join(', ')}${hint}`);
  };
}

/** The value of an absent scalar. */
export function zeroOf(): unknown {
  return undefined;
}

function readString(json: unknown, issues: IssueList): unknown {
  if (typeof json === 'number') return void issues.add(`must be a string; write "${json}" in quotes`);
  // The word may have been `yes`.
  if (typeof json === 'boolean') return void issues.add('must be a string; write the word in quotes');
  if (typeof json !== 'string') return void issues.add('must be a string');
  if (!json.isWellFormed()) return void issues.add('must be valid Unicode');
  return json;
}

const BOOLEANS = new Map(
  Object.entries({ true: true, t: true, yes: true, y: true, 1: true }).concat(
    Object.entries({ false: false, f: false, no: false, n: false, 0: false }),
  ),
);

/** Envoy's proto JSON takes these words in quotes, in any case; so does YAML 1.1 without. */
function readBoolean(json: unknown, issues: IssueList): unknown {
  const value = typeof json === 'string' ? BOOLEANS.get(json.toLowerCase()) : json;
  return typeof value === 'boolean' ? value : void issues.add('must be true or false');
}

function readBooleanKey(json: unknown, issues: IssueList): unknown {
  return json === 'true' || json === 'false' ? json : void issues.add('must be true or false');
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Numbers, and strings of them as proto JSON has them for 64 bits; "1e3" is a whole number, too. */
function readInteger(json: unknown, range: IntegerRange, issues: IssueList): unknown {
  const digits = typeof json === 'string' && /^-?\d{1,20}$/.test(json);
  const given = typeof json === 'string' && !digits && DECIMAL.test(json) ? Number(json) : json;
  const whole = digits || (typeof given === 'number' && Number.isInteger(given));
  if (!whole) return void issues.add('must be a whole number');
  const value = BigInt(given as number | string);
  if (value < range.min || value > range.max)
    return void issues.add(`must be from ${range.min} to ${range.max}`);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

const SPECIAL_NUMBERS = ['NaN', 'Infinity', '-Infinity'];
const MAX_FLOAT = 3.4028234663852886e38;

function readNumber(json: unknown, single: boolean, issues: IssueList): unknown {
  if (typeof json === 'string' && SPECIAL_NUMBERS.includes(json)) return json;
  const value = typeof json === 'string' && json.trim() === json && json !== '' ? Number(json) : json;
  if (typeof value !== 'number' || !Number.isFinite(value)) return void issues.add('must be a number');
  if (single && Math.abs(value) > MAX_FLOAT) return void issues.add('is too large for a float');
  return value;
}

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

function readBytes(json: unknown, issues: IssueList): unknown {
  if (typeof json !== 'string' || !BASE64.test(json) || json.replace(/=+$/, '').length % 4 === 1) {
    return void issues.add('must be base64');
  }
  return json;
}
