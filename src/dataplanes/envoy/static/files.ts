import { type Json, object } from '../json.ts';
import { withoutCertificateFiles } from './certificates.ts';
import { isFile } from './data-source.ts';
import { NOWHERE } from './nowhere.ts';

/**
 * JSON of a resource with nothing in it that Envoy would open: logs go nowhere, resources from files come from
 * nowhere, and contents of files are empty, or the least that is valid where empty is not.
 */
export function withoutFiles(json: Json): Json {
  return visit(json, '') as Json;
}

/** Files that Envoy writes. */
const WRITTEN = new Set(['path', 'event_log_path']);
const WRITERS = /\.(FileAccessLog|HealthCheckEventFileSink)$/;
const FILE_SOURCE = /(^|_)((eds|rds|sds|vhds)_config|config_source)$/;
const LEAST: Readonly<Record<string, string>> = {
  local_jwks: '{"keys":[{"kty":"oct","alg":"HS256","k":"Y2hlY2s"}]}',
  users: 'check:{SHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA=',
};

function visit(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return value.map((item) => visit(item, key));
  const json = object(value);
  if (json === undefined) return value;
  if (isFile(json)) return { inline_string: LEAST[key] ?? '' };
  if (FILE_SOURCE.test(key) && (json['path'] ?? json['path_config_source']) !== undefined) return NOWHERE;
  const writes = WRITERS.test(String(json['@type'])) || key === 'key_log';
  const entries = Object.entries(withoutCertificateFiles(json)).map(([field, child]): [string, unknown] => {
    const written = WRITTEN.has(field) && (writes || field === 'event_log_path');
    return [field, written && child !== '' ? '/dev/null' : visit(child, field)];
  });
  return Object.fromEntries(entries.filter(([field]) => field !== 'watched_directory'));
}
