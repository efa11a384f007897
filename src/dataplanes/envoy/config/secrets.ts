import { type Json, object, string } from '../json.ts';
import { ADS_SOURCE } from '../types.ts';

/** Fields whose value is an `SdsSecretConfig`, or a list of them. */
const SECRET_FIELDS = new Set([
  'tls_certificate_sds_secret_configs',
  'validation_context_sds_secret_config',
  'session_ticket_keys_sds_secret_config',
  'token_secret',
  'hmac_secret',
  'client_secret',
  'credential',
]);

/**
 * A secret named without a source is looked for in the bootstrap, where a pushed one never is: such names of secrets
 * in this config get ADS as their source.
 */
export function fetchSecrets(value: unknown, names: ReadonlySet<string>): unknown {
  if (names.size === 0) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => fetchSecrets(item, names));
  const json = object(value);
  if (json === undefined) return value;
  return Object.fromEntries(
    Object.entries(json).map(([key, child]) => {
      const next = fetchSecrets(child, names);
      return [key, SECRET_FIELDS.has(key) ? addSource(next, names) : next];
    }),
  );
}

function addSource(value: unknown, names: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => addSource(item, names));
  const secret = object(value);
  const name = string(secret?.['name']);
  if (secret === undefined || name === undefined || !names.has(name) || secret['sds_config'] !== undefined)
    return value;
  const fetched: Json = { ...secret, sds_config: ADS_SOURCE };
  return fetched;
}
