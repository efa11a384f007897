import type { DescMessage } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import type { IssueList } from '../../model/issue.ts';
import { object } from './json.ts';
import type { Reader } from './reader.ts';
import { scalarReader } from './scalars.ts';

const WRAPPED = new Map<string, ScalarType>([
  ['DoubleValue', ScalarType.DOUBLE],
  ['FloatValue', ScalarType.FLOAT],
  ['Int64Value', ScalarType.INT64],
  ['UInt64Value', ScalarType.UINT64],
  ['Int32Value', ScalarType.INT32],
  ['UInt32Value', ScalarType.UINT32],
  ['BoolValue', ScalarType.BOOL],
  ['StringValue', ScalarType.STRING],
  ['BytesValue', ScalarType.BYTES],
]);

const READERS = new Map<string, Reader>([
  ...[...WRAPPED].map(([name, type]) => [`google.protobuf.${name}`, scalarReader(type)] as const),
  ['google.protobuf.Duration', readDuration],
  ['google.protobuf.Timestamp', readTimestamp],
  ['google.protobuf.Struct', readStruct],
  ['google.protobuf.Value', readValue],
  ['google.protobuf.ListValue', readListValue],
  ['google.protobuf.FieldMask', readFieldMask],
]);

/** The reader of a message that JSON writes in a way of its own. https://protobuf.dev/programming-guides/json/ */
export function wellKnownReader(desc: DescMessage): Reader | undefined {
  return READERS.get(desc.typeName);
}

const DURATION = /^-?(\d{1,12})(?:\.(\d{1,9}))?s$/;
const MAX_SECONDS = 315_576_000_000;

function readDuration(json: unknown, issues: IssueList): unknown {
  const match = typeof json === 'string' ? DURATION.exec(json) : null;
  if (match === null) return void issues.add('must be a duration in seconds with an s, such as "0.25s"');
  return Number(match[1]) <= MAX_SECONDS ? json : void issues.add('is longer than a duration can be');
}

/** Nanoseconds of a duration that was read. */
export function nanoseconds(duration: string): bigint {
  const match = DURATION.exec(duration);
  const value = BigInt(match?.[1] ?? 0) * 1_000_000_000n + BigInt((match?.[2] ?? '').padEnd(9, '0'));
  return duration.startsWith('-') ? -value : value;
}

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

function readTimestamp(json: unknown, issues: IssueList): unknown {
  const good = typeof json === 'string' && TIMESTAMP.test(json) && !Number.isNaN(Date.parse(json));
  return good ? json : void issues.add('must be a time such as "2026-01-31T12:00:00Z"');
}

function readStruct(json: unknown, issues: IssueList, depth: number): unknown {
  return object(json) === undefined ? void issues.add('must be an object') : readValue(json, issues, depth);
}

function readListValue(json: unknown, issues: IssueList, depth: number): unknown {
  return Array.isArray(json) ? readValue(json, issues, depth) : void issues.add('must be a list');
}

/** Free-form JSON: anything goes, as long as it is a number that JSON has. (The text's reader bounded its depth.) */
function readValue(json: unknown, issues: IssueList, depth: number): unknown {
  if (Array.isArray(json))
    return json.map((item: unknown, index) => readValue(item, issues.at(index), depth));
  const input = object(json);
  if (input !== undefined) {
    const entries = Object.entries(input).map(
      ([key, value]) => [key, readValue(value, issues.at(key), depth)] as const,
    );
    return Object.fromEntries(entries);
  }
  if (typeof json === 'number' && !Number.isFinite(json)) return void issues.add('must be a finite number');
  if (typeof json === 'object' && json !== null) return void issues.add('must be JSON');
  return json;
}

function readFieldMask(json: unknown, issues: IssueList): unknown {
  const good = typeof json === 'string' && /^[a-zA-Z0-9.,]*$/.test(json);
  return good ? json : void issues.add('must be field paths with commas between, such as "a.b,c"');
}
