import type { Json } from '../json.ts';
import { CLUSTER_PREFIX } from '../types.ts';

/** Neither an owner's cluster nor a mirror's can have this name. */
const NAME = `${CLUSTER_PREFIX}:nowhere`;

/** A cluster without endpoints, for {@link NOWHERE}. */
export const NOWHERE_CLUSTER: Json = Object.freeze({ name: NAME, type: 'STATIC', connect_timeout: '1s' });

/**
 * Where that comes from which is not there to be checked: nowhere, for Envoy asks nobody when it validates. Not ADS: a
 * cluster with a secret by ADS makes a validating Envoy crash (seen with 1.36.2 and 1.40.0).
 */
export const NOWHERE: Json = Object.freeze({
  resource_api_version: 'V3',
  api_config_source: {
    api_type: 'GRPC',
    transport_api_version: 'V3',
    grpc_services: [{ envoy_grpc: { cluster_name: NAME } }],
  },
});
