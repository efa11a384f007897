import { HEADER_VALUE, REMOVABLE_HEADER, SETTABLE_HEADER } from '../../../model/http-rules.ts';
import type { Issue } from '../../../model/issue.ts';
import { type Copy, DEFAULT_COPY } from '../../../model/mirror.ts';
import { type Place, inForceOrTop, lines, named, words } from './scopes.ts';
import type { Directive } from './tokens.ts';

/** What our preset sets, as the seed's example does. */
const PRESET: ReadonlySet<string> = new Set([
  ...['host', 'connection', 'content-length', 'x-server-addr', 'x-server-port', 'x-forwarded-for'],
  ...['x-forwarded-port', 'x-forwarded-proto', 'x-scheme', 'x-request-id'],
]);

/** How a location changes its copies, and what of that cannot be taken over. */
export function copyOf(
  top: readonly Directive[],
  location: Place,
  holder: Place | undefined,
): { readonly copy: Copy; readonly warnings: readonly Issue[] } {
  const warnings: Issue[] = [];
  const setHeaders: Record<string, string> = {};
  const removeHeaders: string[] = [];
  for (const directive of headersOf(location)) {
    const [name = '', value = ''] = directive.args;
    const isPreset = PRESET.has(name.toLowerCase());
    if (value === '' && !isPreset && REMOVABLE_HEADER.test(name)) removeHeaders.push(name);
    else if (value !== '' && !value.includes('$') && SETTABLE_HEADER.test(name) && HEADER_VALUE.test(value))
      setHeaders[name] = value;
    else if (!isPreset || (value !== '' && !value.includes('$'))) {
      warnings.push({
        path: lines(directive),
        message: `"${words(directive)}" is not taken over: of a copy's headers literal values can be set, and not those of framing, connection and Host`,
      });
    }
  }
  const off = (place: Place, name: string) => inForceOrTop(top, place, name)?.args[0] === 'off';
  const bodyless =
    off(location, 'proxy_pass_request_body') || (holder !== undefined && off(holder, 'mirror_request_body'));
  return { copy: { ...DEFAULT_COPY, removeHeaders, setHeaders, ...(bodyless && { body: false }) }, warnings };
}

/** NGINX inherits them from around only where a location has none of its own. */
export function headersOf({ directive, around }: Place): readonly Directive[] {
  for (const { block } of [directive, ...around]) {
    const found = named(block, 'proxy_set_header');
    if (found.length > 0) return found;
  }
  return [];
}
