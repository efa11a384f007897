import { type Json, mapList, object } from '../json.ts';
import { HTTP_CONNECTION_MANAGER, messageOf } from '../types.ts';

/** Where an HTTP connection manager stands. */
export interface HcmPlace {
  readonly listener: Json;
  /** The filter chain, or undefined for an API listener. */
  readonly chain: Json | undefined;
  readonly path: string;
}

/** The listener with `change` applied to each of its HTTP connection managers. */
export function mapHcms(listener: Json, path: string, change: (hcm: Json, place: HcmPlace) => Json): Json {
  const inChain = (chain: Json, chainPath: string): Json =>
    mapList(chain, 'filters', (filter, index) => {
      const config = object(filter['typed_config']);
      if (config === undefined || messageOf(config['@type']) !== HTTP_CONNECTION_MANAGER) return filter;
      const place = { listener, chain, path: `${chainPath}.filters[${index}].typed_config` };
      const changed = change(config, place);
      return changed === config ? filter : { ...filter, typed_config: changed };
    });
  let result = mapList(listener, 'filter_chains', (chain, index) =>
    inChain(chain, `${path}.filter_chains[${index}]`),
  );
  const fallback = object(listener['default_filter_chain']);
  if (fallback !== undefined) {
    const changed = inChain(fallback, `${path}.default_filter_chain`);
    if (changed !== fallback) result = { ...result, default_filter_chain: changed };
  }
  return mapApiListener(result, path, (hcm, hcmPath) =>
    change(hcm, { listener, chain: undefined, path: hcmPath }),
  );
}

function mapApiListener(listener: Json, path: string, change: (hcm: Json, path: string) => Json): Json {
  const outer = object(listener['api_listener']);
  const hcm = object(outer?.['api_listener']);
  if (outer === undefined || hcm === undefined || messageOf(hcm['@type']) !== HTTP_CONNECTION_MANAGER)
    return listener;
  const changed = change(hcm, `${path}.api_listener.api_listener`);
  return changed === hcm ? listener : { ...listener, api_listener: { ...outer, api_listener: changed } };
}
