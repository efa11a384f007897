import { type Json, mapList, objects } from '../json.ts';
import { ORIGINAL_HOST, ORIGINAL_PATH, SET_FILTER_STATE, anyUrl } from '../types.ts';

/**
 * The connection manager with a first filter that writes down Host and path as they came, where no client and no later
 * filter can reach them: routes may rewrite both, and what Envoy itself keeps of them in headers a client can forge. The
 * request is not touched. Every connection manager gets it, so that neither a route nor a mirror ever changes a listener;
 * so do the filters that an owner has for upgrades, which take the place of the others.
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/set_filter_state
 */
export function rememberOriginals(hcm: Json): Json {
  return mapList(prepend(hcm, 'http_filters'), 'upgrade_configs', (upgrade) => prepend(upgrade, 'filters'));
}

function prepend(json: Json, key: string): Json {
  const filters = objects(json[key]);
  return filters.length === 0 ? json : { ...json, [key]: [REMEMBER, ...filters] };
}

const REMEMBER: Json = Object.freeze({
  name: 'mirrorplane.originals',
  // An Envoy built without the filter must still take the listener; its copies stay rewritten, and nothing is forged.
  is_optional: true,
  typed_config: {
    '@type': anyUrl(SET_FILTER_STATE),
    on_request_headers: [note(ORIGINAL_HOST, '%REQ(:AUTHORITY)%'), note(ORIGINAL_PATH, '%REQ(:PATH)%')],
  },
});

function note(key: string, value: string): Json {
  return {
    object_key: key,
    factory_key: 'envoy.string',
    format_string: { text_format_source: { inline_string: value } },
    skip_if_empty: true,
  };
}
