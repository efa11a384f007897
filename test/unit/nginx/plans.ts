/** Plans to render, from what REST takes. */
import protobuf from 'protobufjs/minimal.js';
import type { Driver, Plan } from '../../../src/dataplanes/nginx/plan.ts';
import { planOf, unshared } from '../../../src/dataplanes/nginx/plan-of.ts';
import { checkMirror } from '../../../src/model/check-mirror.ts';
import { checkTarget } from '../../../src/model/check-target.ts';
import type { Result } from '../../../src/model/issue.ts';
import type { Mirror } from '../../../src/model/mirror.ts';
import type { Target } from '../../../src/model/target.ts';

export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.issues, null, 2));
  return result.value;
}

export function mirror(name: string, fields: Readonly<Record<string, unknown>> = {}): Mirror {
  return valueOf(checkMirror(name, { fleet: 'edge', target: 'node', percent: 100, ...fields }));
}

export function target(fields: Readonly<Record<string, unknown>> = {}, name = 'node'): Target {
  return valueOf(checkTarget(name, { endpoints: [{ host: '127.0.0.1', port: 8445 }], ...fields }));
}

export function plan(driver: Driver, mirrors: readonly Mirror[], to = target()): Plan {
  const percents = new Map(mirrors.map(({ name, percent }) => [name, percent]));
  return planOf(
    mirrors.map((one) => unshared(one, to)),
    driver,
    percents,
  );
}

/** The value of a serialised `google.protobuf.Any`. */
export function anyValue(any: Uint8Array = new Uint8Array()): Uint8Array {
  const reader = protobuf.Reader.create(any);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 18) return reader.bytes();
    reader.skipType(tag & 7);
  }
  throw new Error('it has no value');
}
