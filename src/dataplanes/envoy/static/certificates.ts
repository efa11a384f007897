import { type Json, object } from '../json.ts';
import { holdsFile } from './data-source.ts';
import { NOWHERE } from './nowhere.ts';

const SECRET_KINDS = ['tls_certificate', 'validation_context', 'session_ticket_keys', 'generic_secret'];

/**
 * A TLS context whose certificates and keys in files are secrets yet to come, and the rest of it as it is; a secret
 * that is in files as its name alone. Anything else is given back.
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/common.proto
 */
export function withoutCertificateFiles(json: Json): Json {
  if (typeof json['name'] === 'string' && SECRET_KINDS.some((kind) => holdsFile(json[kind])))
    return { name: json['name'] };
  const common = object(json['common_tls_context']);
  if (common === undefined) return json;
  const { session_ticket_keys: keys, ...rest } = json;
  return {
    ...rest,
    ...later('session_ticket_keys', 'session_ticket_keys_sds_secret_config', keys),
    common_tls_context: withoutFiles(common),
  };
}

function withoutFiles(common: Json): Json {
  const { tls_certificates: certificates, validation_context: context, ...rest } = common;
  const combined = object(rest['combined_validation_context']);
  return {
    ...rest,
    ...(holdsFile(certificates)
      ? { tls_certificate_sds_secret_configs: [comingSecret('certificate')] }
      : given('tls_certificates', certificates)),
    ...(holdsFile(context)
      ? {
          combined_validation_context: {
            default_validation_context: dropFiles(context),
            validation_context_sds_secret_config: comingSecret('ca'),
          },
        }
      : given('validation_context', context)),
    ...(combined && {
      combined_validation_context: {
        ...combined,
        default_validation_context: dropFiles(combined['default_validation_context']),
      },
    }),
  };
}

function later(field: string, fieldOfComing: string, value: unknown): Json {
  return holdsFile(value) ? { [fieldOfComing]: comingSecret(field) } : given(field, value);
}

function given(field: string, value: unknown): Json {
  return value === undefined ? {} : { [field]: value };
}

function dropFiles(json: unknown): Json {
  return Object.fromEntries(Object.entries(object(json) ?? {}).filter(([, child]) => !holdsFile(child)));
}

function comingSecret(name: string): Json {
  return { name: `mirrorplane-check-${name}`, sds_config: NOWHERE };
}
