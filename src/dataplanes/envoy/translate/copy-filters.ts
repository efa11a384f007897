import type { Copy } from '../../../model/mirror.ts';
import type { Json } from '../json.ts';
import { anyUrl } from '../types.ts';
import { CLIENT_HEADER, HOST_HEADER, PATH_HEADER, PRIVATE_PREFIX } from './private-headers.ts';

const HEADER_MUTATION = 'envoy.extensions.filters.http.header_mutation.v3.HeaderMutation';
const LUA = 'envoy.extensions.filters.http.lua.v3.Lua';
const UPSTREAM_CODEC = 'envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec';

/** Header mutations may not touch Host and path. */
const RESTORE_ORIGINALS = `function envoy_on_request(handle)
  local headers = handle:headers()
  local host = headers:get("${HOST_HEADER}")
  if host ~= nil and host ~= "" then headers:replace(":authority", host) end
  local path = headers:get("${PATH_HEADER}")
  if path ~= nil and path ~= "" then headers:replace(":path", path) end
end
`;

/**
 * The filters of a mirror's cluster: the last to touch the copy, after Envoy appended its own address to
 * X-Forwarded-For. Removals of the owner come last of all, so that they win.
 */
export function copyFilters(copy: Copy, restoresOriginals: boolean): readonly Json[] {
  const wallarm = copy.preset === 'wallarm';
  const mutations: Json[] = [
    ...(wallarm ? [overwrite('x-forwarded-for', `%REQ(${CLIENT_HEADER})%`), removePrefix('x-envoy-')] : []),
    removePrefix(PRIVATE_PREFIX),
    ...Object.entries(copy.setHeaders).map(([key, value]) => overwrite(key, value.replaceAll('%', '%%'))),
    ...copy.removeHeaders.map((name) => ({ remove: name })),
  ];
  return [
    ...(wallarm && restoresOriginals
      ? [filter('envoy.filters.http.lua', LUA, { default_source_code: { inline_string: RESTORE_ORIGINALS } })]
      : []),
    filter('envoy.filters.http.header_mutation', HEADER_MUTATION, {
      mutations: { request_mutations: mutations },
    }),
    filter('envoy.filters.http.upstream_codec', UPSTREAM_CODEC, {}),
  ];
}

function filter(name: string, type: string, config: Json): Json {
  return { name, typed_config: { '@type': anyUrl(type), ...config } };
}

function overwrite(key: string, value: string): Json {
  return { append: { header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' } };
}

function removePrefix(prefix: string): Json {
  return { remove_on_match: { key_matcher: { prefix } } };
}
