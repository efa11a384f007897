import { type Json, object } from '../json.ts';

/**
 * Whether a `DataSource` is not in the configuration itself.
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/base.proto#config-core-v3-datasource
 */
export function isFile(json: Json): boolean {
  return typeof json['filename'] === 'string' || typeof json['environment_variable'] === 'string';
}

/** Whether something in it is to be read from a file. */
export function holdsFile(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsFile);
  const json = object(value);
  return json !== undefined && (isFile(json) || Object.values(json).some(holdsFile));
}
